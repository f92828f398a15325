import type { KernelSource } from '../../src/runtime/codegen.ts';
import { type Tiles, Tuning } from '../../src/runtime/tuning.ts';

/** Gives every kernel the n-th of its choices, or its last one. */
export class NthChoice extends Tuning {
  constructor(private readonly n: number) {
    super();
  }

  override choose<T extends Tiles>(_kernel: KernelSource, _shapes: string, choices: readonly T[]): T {
    return choices[Math.min(this.n, choices.length - 1)];
  }
}
