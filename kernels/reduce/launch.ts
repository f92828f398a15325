import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { LANES, nchw, slabsOf, vector } from '../common/launch.ts';
import channelSumKernel from './channel_sum.wgsl';
import mergeKernel from './merge.wgsl';

/** Room for the slabs of a sum; a single one is the total already. */
export const partialOf = (device: Device, slabs: number, total: Tensor): Tensor =>
  slabs === 1 ? total : device.tensor([slabs, ...total.shape]);

/** total[i] = Σ_s partial[s,i]: `partial` holds a whole number of `total`s. */
export function merge(device: Device, { partial, total }: { partial: Tensor; total: Tensor }): void {
  if (partial === total) return;
  device.dispatch({
    kernel: mergeKernel,
    constants: { LANES },
    reads: { partial },
    writes: { total },
    workgroups: [Math.ceil(size(total) / LANES)],
    flops: size(partial),
  });
}

/** total[c] = Σ_{n,p} x[n,c,p]: the gradient of a convolution's bias. */
export function channelSum(device: Device, { x, total }: { x: Tensor; total: Tensor }): void {
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const { constants, slabs } = slabsOf(device, { kernel: channelSumKernel, x, y: total }, (n * plane) / v.WIDTH, c);
  const partial = partialOf(device, slabs, total);
  device.dispatch({
    kernel: channelSumKernel,
    constants: { ...v, ...constants, SUMS: 1, C: c, PLANE: plane / v.WIDTH },
    reads: { x },
    writes: { partial },
    workgroups: [c, slabs],
    flops: size(x),
  });
  merge(device, { partial, total });
}
