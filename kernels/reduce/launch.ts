import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { LANES, nchw, slabsOf, vector } from '../common/launch.ts';
import channelSumKernel from './channel_sum.wgsl';
import mergeKernel from './merge.wgsl';

/** Where a sum goes that may come in slabs. */
export interface Sum {
  readonly tensor: Tensor;
  /** Room for `count` slabs [count, …shape] that somebody adds up once they are filled; a single one is `tensor`. */
  slabs(count: number): Tensor;
}

/** Slabs, and where they are added up: `partial` holds a whole number of `total`s. */
export interface Slabs {
  readonly partial: Tensor;
  readonly total: Tensor;
}

/** So many sums in a dispatch, two buffers each: every adapter binds eight. */
const MOST = 4;

/** total[i] = Σ_s partial[s,i] of each of the sums. */
export function merge(device: Device, sums: readonly Slabs[]): void {
  for (let first = 0; first < sums.length; first += MOST) {
    const some = sums.slice(first, first + MOST);
    const numbered = (part: keyof Slabs) => Object.fromEntries(some.map((sum, k) => [`${part}${k}`, sum[part]]));
    device.dispatch({
      kernel: mergeKernel,
      constants: { LANES, COUNT: some.length },
      reads: numbered('partial'),
      writes: numbered('total'),
      workgroups: [Math.ceil(Math.max(...some.map(({ total }) => size(total))) / LANES), some.length],
      flops: some.reduce((flops, { partial }) => flops + size(partial), 0),
    });
  }
}

/** total[c] = Σ_{n,p} x[n,c,p]: the gradient of a convolution's bias. */
export function channelSum(device: Device, { x, total }: { x: Tensor; total: Sum }): void {
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const work = { kernel: channelSumKernel, x, y: total.tensor };
  const { constants, slabs } = slabsOf(device, work, (n * plane) / v.WIDTH, c);
  device.dispatch({
    kernel: channelSumKernel,
    constants: { ...v, ...constants, SUMS: 1, C: c, PLANE: plane / v.WIDTH },
    reads: { x },
    writes: { partial: total.slabs(slabs) },
    workgroups: [c, slabs],
    flops: size(x),
  });
}
