import { type AdapterChoice, Device, requestBrowserAdapter } from '../../src/index.ts';
import { Turns } from './turns.ts';

/** An open device, until it is closed or lost. */
export class Gpu {
  readonly turns = new Turns();
  /** Why it is lost. */
  lost?: string;
  /** Resolves when it is lost, and never when it is closed. */
  readonly whenLost: Promise<void>;
  private closed = false;

  private constructor(
    readonly device: Device,
    readonly choice: AdapterChoice,
  ) {
    this.whenLost = new Promise((resolve) => {
      device.gpu.lost.then(({ message }) => {
        if (this.closed) return;
        this.lost = message || 'the browser does not say why';
        resolve();
      });
    });
  }

  /** @throws UserError where there is no WebGPU */
  static async open(): Promise<Gpu> {
    const choice = await requestBrowserAdapter();
    return new Gpu(await Device.open(choice), choice);
  }

  /** Gives all its memory back. */
  close(): void {
    this.closed = true;
    this.device.destroy();
  }
}
