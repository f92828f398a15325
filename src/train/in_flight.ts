import type { Device } from '../runtime/device.ts';

/**
 * Keeps the host from running ahead of the GPU, which has one step to do while the host prepares the next: `add` after
 * each submit waits until all but the latest are done.
 */
export class InFlight {
  private step: Promise<void> = Promise.resolve();

  constructor(private readonly device: Device) {}

  /** Resolves when the latest is done. */
  get latest(): Promise<void> {
    return this.step;
  }

  async add(): Promise<void> {
    const previous = this.step;
    this.step = this.device.done();
    await previous;
  }
}
