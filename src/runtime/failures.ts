import { GpuError } from './errors.ts';

const DESTROYED = 'the GPU device was destroyed';

/** Errors that a GPU reports on its own, apart from the call that caused them. */
export class Failures {
  private latest?: GpuError;
  /** How many have arrived, and how many of them were thrown. */
  private arrived = 0;
  private thrown = 0;
  /** Why the device can never be used again. */
  private end?: GpuError;

  constructor(private readonly gpu: GPUDevice) {
    gpu.addEventListener('uncapturederror', this.listener);
    gpu.lost.then(({ reason, message }) => {
      // Also where the program destroys the GPU's device itself, rather than this engine's.
      this.end ??= new GpuError(reason === 'destroyed' ? DESTROYED : `the GPU device was lost: ${message}`);
    });
  }

  /**
   * Begins an operation. The function that it returns ends it: it throws an error that arrived meanwhile, or before it if no
   * other operation has thrown it. So an error fails what it may belong to, and nothing after that.
   */
  watch(): () => void {
    this.check();
    const begin = this.thrown;
    return () => {
      this.check();
      if (this.arrived === begin) return;
      this.thrown = this.arrived;
      throw this.latest;
    };
  }

  /** @throws GpuError if the device is gone */
  check(): void {
    if (this.end) throw this.end;
  }

  /** Stops listening: the device was destroyed. */
  destroy(): void {
    this.gpu.removeEventListener('uncapturederror', this.listener);
    this.end ??= new GpuError(DESTROYED);
  }

  private readonly listener = ({ error }: GPUUncapturedErrorEvent) => {
    this.latest = new GpuError(error.message);
    this.arrived++;
  };
}
