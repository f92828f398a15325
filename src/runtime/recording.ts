import { type DispatchCommand, encode } from './command.ts';
import type { Storage } from './memory.ts';
import { Resource } from './resource.ts';
import { cutSubmits } from './slow_gpu.ts';

/** What a step costs, whatever adapter it runs on. */
export interface Cost {
  readonly dispatches: number;
  readonly flops: number;
  readonly bytes: number;
}

/** What a recording needs of its device. */
export interface RecordingContext {
  readonly gpu: GPUDevice;
  /** Sends a run, behind commands that are still to be sent. */
  send(submit: () => void): void;
  /** Frees the buffers of the storages that were made in the recording. */
  free(): void;
}

/**
 * A list of dispatches that runs again and again: buffers, bind groups and pipelines are made once, and a run is
 * one compute pass in one submit, or in several where one could take too long. Made by `Device.record`.
 */
export class Recording<T> extends Resource {
  readonly cost: Cost;
  /** All but the temporaries. */
  private readonly storages: ReadonlySet<Storage>;
  private readonly submits: ReturnType<typeof cutSubmits>;
  private isDisposed = false;

  constructor(
    private readonly context: RecordingContext,
    readonly commands: readonly DispatchCommand[],
    readonly bindGroups: readonly GPUBindGroup[],
    /** What the recorded function returned; its tensors hold their values after each run. */
    readonly result: T,
  ) {
    super();
    const storages = commands.flatMap(({ tensors }) => tensors.map(({ storage }) => storage));
    this.storages = new Set(storages.filter(({ role }) => role !== 'temporary'));
    this.submits = cutSubmits(commands);
    this.cost = {
      dispatches: commands.length,
      flops: commands.reduce((sum, command) => sum + command.flops, 0),
      bytes: commands.reduce((sum, command) => sum + command.bytes, 0),
    };
  }

  /** Submits all dispatches, or queues them behind commands that are still to be sent; returns at once. */
  run(): void {
    this.requireUsable('run');
    this.context.send(() => this.submit());
  }

  /** @throws Error if the recording cannot run any more */
  requireUsable(method: string): void {
    if (this.isDisposed) throw new Error(`${method}(): the recording was disposed of before this use`);
    for (const { released } of this.storages) {
      if (released) throw new Error(`${method}(): a tensor that the recording uses was released before this use`);
    }
  }

  /** Frees its memory: its result must not be used again, nor can it run. Runs before that are not affected. */
  dispose(): void {
    if (!this.isDisposed) this.context.free();
    this.isDisposed = true;
  }

  private submit(): void {
    for (const { first, end } of this.submits) {
      const encoder = this.context.gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (let i = first; i < end; i++) encode(pass, this.commands[i], this.bindGroups[i]);
      pass.end();
      this.context.gpu.queue.submit([encoder.finish()]);
    }
  }
}
