import type { Device } from '../runtime/device.ts';

/**
 * Keeps the host at most one step ahead of the GPU: the GPU runs one step while the host prepares the next. `add`, to be
 * called after each submit, waits until all steps but the latest are done.
 */
export class InFlight {
  /** Resolves when the latest step is done. To be awaited after the last step: only this reports that step's errors. */
  latest: Promise<void> = Promise.resolve();

  constructor(private readonly device: Device) {}

  async add(): Promise<void> {
    const previous = this.latest;
    this.latest = this.device.done();
    // If `previous` fails, nobody awaits the latest: it must not become an unhandled rejection.
    this.latest.catch(() => {});
    await previous;
  }
}
