import { bind, type DispatchCommand, encode } from './command.ts';
import type { Memory, Storage } from './memory.ts';

/** From which command to which a storage holds something anybody will read. */
interface Lifetime {
  readonly storage: Storage;
  readonly first: number;
  last: number;
}

/** What a step costs, whatever adapter it runs on. */
export interface Cost {
  readonly dispatches: number;
  readonly flops: number;
  readonly bytes: number;
}

/**
 * A list of dispatches that runs again and again: buffers, bind groups and pipelines are made once, and a run is
 * one compute pass in one submit. Made by `Device.record`.
 */
export class Recording<T> {
  readonly cost: Cost;
  readonly bindGroups: readonly GPUBindGroup[];

  /** Assigns buffers to the recording's own storages; every pipeline must be compiled. */
  constructor(
    private readonly gpu: GPUDevice,
    readonly commands: readonly DispatchCommand[],
    /** What the recorded function returned; its tensors hold their values after each run. */
    readonly result: T,
    kept: readonly Storage[],
    memory: Memory,
    private readonly inOrder: (submit: () => void) => void,
  ) {
    assignBuffers(lifetimes(commands, kept), memory);
    this.bindGroups = commands.map((command) => bind(gpu, command));
    this.cost = {
      dispatches: commands.length,
      flops: commands.reduce((sum, command) => sum + command.flops, 0),
      bytes: commands.reduce((sum, command) => sum + command.bytes, 0),
    };
  }

  /** Submits all dispatches, or queues them behind commands that still wait to be sent; returns at once. */
  run(): void {
    this.inOrder(() => this.submit());
  }

  private submit(): void {
    const encoder = this.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < this.commands.length; i++) encode(pass, this.commands[i], this.bindGroups[i]);
    pass.end();
    this.gpu.queue.submit([encoder.finish()]);
  }
}

/** When each storage that has no buffer of its own is in use; kept ones stay so to the end. */
function lifetimes(commands: readonly DispatchCommand[], kept: readonly Storage[]): Lifetime[] {
  const found = new Map<Storage, Lifetime>();
  commands.forEach((command, i) => {
    for (const { storage } of command.tensors) {
      if (storage.buffer) continue;
      const lifetime = found.get(storage);
      if (lifetime) lifetime.last = i;
      else found.set(storage, { storage, first: i, last: i });
    }
  });
  for (const storage of kept) {
    const lifetime = found.get(storage);
    if (lifetime) lifetime.last = Number.POSITIVE_INFINITY;
  }
  return [...found.values()];
}

/**
 * Largest first, each storage joins the first buffer that nobody else uses during its lifetime. Kept storages get
 * buffers of their own, since another recording may run before they are read.
 */
function assignBuffers(all: readonly Lifetime[], memory: Memory): void {
  const slots: Lifetime[][] = [];
  for (const lifetime of [...all].sort((a, b) => b.storage.bytes - a.storage.bytes)) {
    if (lifetime.last === Number.POSITIVE_INFINITY) {
      lifetime.storage.buffer = memory.allocate(lifetime.storage.bytes).buffer;
      continue;
    }
    const slot = slots.find((others) => others.every((o) => o.last < lifetime.first || lifetime.last < o.first));
    if (slot) slot.push(lifetime);
    else slots.push([lifetime]);
  }
  const buffers = memory.lend(slots.map(([largest]) => largest.storage.bytes));
  slots.forEach((slot, i) => {
    for (const { storage } of slot) storage.buffer = buffers[i];
  });
}
