import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise, teamLanes, vector } from '../common/launch.ts';
import clipKernel from './clip.wgsl';
import normKernel from './norm.wgsl';
import squareSumKernel from './square_sum.wgsl';

/** A GPU is full with as many workgroups, and one more can add up their sums. */
const MAX_SLABS = 512;

/** Steps without an overflow after which the loss is scaled up. */
const INTERVAL = 2000;

interface GradNorm {
  readonly gradient: Tensor;
  readonly norm: Tensor;
  /** The scale that the gradient was multiplied with, good steps, skipped steps: [3]. */
  readonly guard?: Tensor;
  /** Whether the scale follows what f16 can hold. */
  readonly dynamic?: boolean;
}

/**
 * norm[1] = the L2 norm of a flat f32 gradient. With a guard, norm[2] holds the true norm and what the gradient must be
 * multiplied with: 0 if it is not finite.
 */
export function gradNorm(device: Device, { gradient, norm, guard, dynamic = false }: GradNorm): void {
  const lanes = teamLanes(device);
  const v = vector(size(gradient), gradient);
  const count = size(gradient) / v.WIDTH;
  const slab = Math.max(8 * lanes, Math.ceil(count / MAX_SLABS));
  const slabs = Math.ceil(count / slab);
  const partial = device.tensor([slabs]);
  device.dispatch({
    kernel: squareSumKernel,
    constants: { ...v, LANES: lanes, SUMS: 1, COUNT: count, SLAB: slab },
    reads: { gradient },
    writes: { partial },
    workgroups: [slabs],
    flops: 2 * size(gradient),
  });
  device.dispatch({
    kernel: normKernel,
    constants: { LANES: lanes, SUMS: 2, SLABS: slabs, GUARDED: guard !== undefined, DYNAMIC: dynamic, INTERVAL },
    reads: { partial },
    writes: { norm, ...(guard && { guard }) },
    workgroups: [1],
    flops: slabs,
  });
}

interface Clip {
  readonly gradient: Tensor;
  /** The gradient's norm, [1]. */
  readonly norm: Tensor;
  readonly maxNorm: number;
  readonly clipped: Tensor;
}

/** clipped = the f32 gradient, scaled down to norm `maxNorm` where it is larger. PyTorch's clip_grad_norm_. */
export function clip(device: Device, { gradient, norm, maxNorm, clipped }: Clip): void {
  const { constants, workgroups } = elementwise(gradient);
  device.dispatch({
    kernel: clipKernel,
    constants: { ...constants, MAX_NORM: maxNorm },
    reads: { gradient, norm },
    writes: { clipped },
    workgroups,
    flops: size(gradient),
  });
}
