import type { KernelSource } from '../../src/runtime/codegen.ts';
import { Device } from '../../src/runtime/device.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';
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

/** A device whose kernels get a GPU's tiles: the software adapter that tests usually run on poses as one. */
export async function posingAsGpu(tuning?: Tuning): Promise<Device> {
  const choice = await requestNodeAdapter();
  return Device.open({ ...choice, info: { ...choice.info, kind: 'gpu' } }, tuning);
}
