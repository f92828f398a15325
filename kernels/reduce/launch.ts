import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { mergedSums, nchw, vector, WORKGROUP_SIZE } from '../common/launch.ts';
import channelSumKernel from './channel_sum.wgsl';
import mergeKernel from './merge.wgsl';

/** Where a kernel writes a sum: the sum itself, or partial sums (see common/launch.ts). */
export interface Sum {
  readonly tensor: Tensor;
  /** Room for `count` rows of partial sums [count, …shape], merged after the kernel; for a single one it is `tensor`. */
  partials(count: number): Tensor;
}

/** Partial sums, and the tensor that gets their sum: `partial` has a whole number of rows of the size of `total`. */
export interface PartialSums {
  readonly partial: Tensor;
  readonly total: Tensor;
}

/** Sums that one dispatch merges. Each binds two buffers, and every adapter binds at least eight. */
const SUMS_PER_DISPATCH = 4;

/** total[i] = Σ_chunk partial[chunk,i] for each of the sums. */
export function merge(device: Device, sums: readonly PartialSums[]): void {
  for (let first = 0; first < sums.length; first += SUMS_PER_DISPATCH) {
    const some = sums.slice(first, first + SUMS_PER_DISPATCH);
    const numbered = (part: keyof PartialSums) => Object.fromEntries(some.map((sum, k) => [`${part}${k}`, sum[part]]));
    const [groups, folds] = foldWorkgroups(
      Math.ceil(Math.max(...some.map(({ total }) => size(total))) / WORKGROUP_SIZE),
    );
    device.dispatch({
      kernel: mergeKernel,
      // A constant, and no size: one pipeline serves all sums that need no folding.
      constants: { WORKGROUP_SIZE, COUNT: some.length, GROUPS_X: folds > 1 ? groups : 0 },
      reads: numbered('partial'),
      writes: numbered('total'),
      workgroups: [groups, some.length, folds],
      flops: some.reduce((flops, { partial }) => flops + size(partial), 0),
    });
  }
}

/** total[c] = Σ_{n,p} x[n,c,p]: the gradient of a convolution's bias. */
export function channelSum(device: Device, { x, total }: { x: Tensor; total: Sum }): void {
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const work = { kernel: channelSumKernel, x, y: total.tensor };
  const { constants, chunks } = mergedSums(device, work, (n * plane) / v.WIDTH, c);
  device.dispatch({
    kernel: channelSumKernel,
    constants: { ...v, ...constants, SUMS: 1, C: c, PLANE: plane / v.WIDTH },
    reads: { x },
    writes: { partial: total.partials(chunks) },
    workgroups: [c, chunks],
    flops: size(x),
  });
}
