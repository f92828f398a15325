import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { LANES } from '../common/launch.ts';
import copyKernel from './copy.wgsl';
import fmaKernel from './fma.wgsl';

/** Vectors a lane: enough that starting a workgroup costs nothing beside them. */
const VECTORS = 128;

/** What `copy` moves is a whole number of these. */
export const COPY_ELEMENTS = 4 * LANES * VECTORS;

/** Sums a lane: enough to hide how long a multiply-add takes, few enough for registers. */
const CHAINS = 16;
const STEPS = 4096;

/** copy = source, both f32 and of a multiple of COPY_ELEMENTS elements. */
export function copy(device: Device, tensors: { source: Tensor; copy: Tensor }): void {
  const { source, copy } = tensors;
  device.dispatch({
    kernel: copyKernel,
    constants: { LANES, VECTORS },
    reads: { source },
    writes: { copy },
    workgroups: [size(copy) / COPY_ELEMENTS],
    flops: 0,
  });
}

/** Each of `sums`, a multiple of LANES, is CHAINS · STEPS multiply-adds with the two `factors`. */
export function multiplyAdd(device: Device, { factors, sums }: { factors: Tensor; sums: Tensor }): void {
  device.dispatch({
    kernel: fmaKernel,
    constants: { LANES, CHAINS, STEPS },
    reads: { factors },
    writes: { sums },
    workgroups: [size(sums) / LANES],
    flops: 2 * CHAINS * STEPS * size(sums),
  });
}
