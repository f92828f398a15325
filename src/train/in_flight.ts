import type { Device } from '../runtime/device.ts';

/**
 * Keeps the host from running ahead of the GPU, which has one step to do while the host prepares the next: `add` after
 * each submit waits until all but the latest are done.
 */
export class InFlight {
  /** Resolves when the latest step is done. */
  latest: Promise<void> = Promise.resolve();

  constructor(private readonly device: Device) {}

  async add(): Promise<void> {
    const previous = this.latest;
    this.latest = this.device.done();
    await previous;
  }
}
