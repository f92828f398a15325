import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise, vector } from '../common/launch.ts';
import clipKernel from './clip.wgsl';
import normKernel from './norm.wgsl';
import squareSumKernel from './square_sum.wgsl';

/** As many workgroups fill a GPU, and one workgroup can add up as many partial sums. */
const MAX_CHUNKS = 512;

/** Steps without an overflow after which the scale of the loss is doubled. */
const INTERVAL = 2000;

interface GradNorm {
  readonly gradient: Tensor;
  readonly norm: Tensor;
  /** [3]: the scale of the loss, the number of good steps, that of skipped steps. See norm.wgsl. */
  readonly guard?: Tensor;
  /** Whether the scale adapts to the range of f16. */
  readonly dynamic?: boolean;
  /** With `dynamic`: what the forward pass has changed, and a copy that the last good step left. See norm.wgsl. */
  readonly kept?: { readonly values: Tensor; readonly copy: Tensor };
}

/**
 * norm[1]: the L2 norm of a flat f32 gradient. With a guard, norm[2]: the norm without the loss's scale, and the factor that
 * undoes the scale, 0 if the gradient is not finite.
 */
export function gradNorm(device: Device, { gradient, norm, guard, dynamic = false, kept }: GradNorm): void {
  const threads = device.capabilities.teamThreads;
  const v = vector(size(gradient), gradient);
  const count = size(gradient) / v.WIDTH;
  const chunk = Math.max(8 * threads, Math.ceil(count / MAX_CHUNKS));
  const chunks = Math.ceil(count / chunk);
  const partial = device.tensor([chunks]);
  device.dispatch({
    kernel: squareSumKernel,
    constants: { ...v, WORKGROUP_SIZE: threads, SUMS: 1, COUNT: count, CHUNK: chunk },
    reads: { gradient },
    writes: { partial },
    workgroups: [chunks],
    flops: 2 * size(gradient),
  });
  device.dispatch({
    kernel: normKernel,
    constants: {
      WORKGROUP_SIZE: threads,
      SUMS: 2,
      CHUNKS: chunks,
      GUARDED: guard !== undefined,
      DYNAMIC: dynamic,
      INTERVAL,
      KEEPS: kept !== undefined,
      VALUES: kept ? size(kept.values) / 4 : 0,
    },
    reads: { partial },
    writes: { norm, ...(guard && { guard }), ...(kept && { values: kept.values, kept: kept.copy }) },
    workgroups: [1],
    flops: chunks,
  });
}

interface Clip {
  readonly gradient: Tensor;
  /** [1]: the gradient's norm. */
  readonly norm: Tensor;
  readonly maxNorm: number;
  readonly clipped: Tensor;
}

/** clipped = the f32 gradient, scaled down to the norm `maxNorm` if its norm is larger. PyTorch's clip_grad_norm_. */
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
