import type { Device } from '../runtime/device.ts';

/** Steps that may be queued on the GPU while the host prepares the next. */
const DEPTH = 2;

/** Keeps the host from running ahead of the GPU: `add` after each submit waits until all but the latest are done. */
export class InFlight {
  private readonly steps: Promise<void>[] = [];

  constructor(private readonly device: Device) {}

  async add(): Promise<void> {
    this.steps.push(this.device.done());
    if (this.steps.length >= DEPTH) await this.steps.shift();
  }
}
