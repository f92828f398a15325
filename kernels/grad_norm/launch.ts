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

/**
 * norm[1] = the L2 norm of a flat f32 gradient. With lossScale [3] (scale, good steps, skipped steps), which the gradient
 * was multiplied with, norm[2] holds the true norm and what the gradient must be multiplied with: 0 if it is not finite.
 */
export function gradNorm(
  device: Device,
  { gradient, norm, lossScale }: { gradient: Tensor; norm: Tensor; lossScale?: Tensor },
): void {
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
    constants: { LANES: lanes, SUMS: 1, SLABS: slabs, SCALED: lossScale !== undefined, INTERVAL },
    reads: { partial },
    writes: { norm, ...(lossScale && { loss_scale: lossScale }) },
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
