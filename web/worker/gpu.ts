import { type AdapterChoice, Device, requestBrowserAdapter } from '../../src/index.ts';
import { Mutex } from './mutex.ts';

/** An open device, and the lock for its use. */
export class Gpu {
  /** Held while something is recorded or run on the device. */
  readonly mutex = new Mutex();
  /** The reason, once the device is lost. */
  lost?: string;
  /** Resolves when the device is lost; stays pending if it is closed. */
  readonly whenLost: Promise<void>;
  private closed = false;

  private constructor(
    readonly device: Device,
    readonly choice: AdapterChoice,
  ) {
    this.whenLost = new Promise((resolve) => {
      device.gpu.lost.then(({ message }) => {
        if (this.closed) return;
        this.lost = message || 'the browser gives no reason';
        resolve();
      });
    });
  }

  /** @throws {UserError} if there is no WebGPU adapter */
  static async open(): Promise<Gpu> {
    const choice = await requestBrowserAdapter();
    return new Gpu(await Device.open(choice), choice);
  }

  /** Destroys the device and frees its memory. */
  close(): void {
    this.closed = true;
    this.device.destroy();
  }
}
