import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { WORKGROUP_SIZE } from '../common/launch.ts';
import copyKernel from './copy.wgsl';
import fmaKernel from './fma.wgsl';

/** Vectors a thread: enough to make the cost of starting a workgroup negligible. */
const VECTORS = 128;

/** `copy` takes a multiple of this many elements. */
export const COPY_ELEMENTS = 4 * WORKGROUP_SIZE * VECTORS;

/** Sums a thread: enough to hide the latency of a multiply-add, few enough for registers. */
const CHAINS = 16;
const STEPS = 4096;
const UNROLLED = 16;

/** copy = source, both f32 with a multiple of COPY_ELEMENTS elements. */
export function copy(device: Device, tensors: { source: Tensor; copy: Tensor }): void {
  const { source, copy } = tensors;
  device.dispatch({
    kernel: copyKernel,
    constants: { WORKGROUP_SIZE, VECTORS },
    reads: { source },
    writes: { copy },
    workgroups: [size(copy) / COPY_ELEMENTS],
    flops: 0,
  });
}

/** CHAINS · STEPS multiply-adds with the two `factors` for each of `sums`, of which there are a multiple of WORKGROUP_SIZE. */
export function multiplyAdd(device: Device, { factors, sums }: { factors: Tensor; sums: Tensor }): void {
  device.dispatch({
    kernel: fmaKernel,
    constants: { WORKGROUP_SIZE, CHAINS, STEPS, UNROLLED },
    reads: { factors },
    writes: { sums },
    workgroups: [size(sums) / WORKGROUP_SIZE],
    flops: 2 * CHAINS * STEPS * size(sums),
  });
}
