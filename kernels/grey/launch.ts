import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { bytesPer, size, type Tensor } from '../../src/runtime/tensor.ts';
import { nchw, vector, WORKGROUP_SIZE } from '../common/launch.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';

/** How several channels become one: their mean, or the first of them. */
export type GreyMode = 'mean' | 'first';

/** y[N,1,H,W] from x[N,C,H,W]. */
export function forward(device: Device, { x, y, mode }: { x: Tensor; y: Tensor; mode: GreyMode }): void {
  const mean = mode === 'mean';
  device.dispatch({
    kernel: forwardKernel,
    ...pixels(x, mean),
    reads: { x },
    writes: { y },
    flops: mean ? size(x) : 0,
    bytes: (size(y) + size(mean ? x : y)) * bytesPer[x.dtype],
  });
}

/** dx[N,C,H,W] from dy[N,1,H,W]. */
export function backward(device: Device, { dy, dx, mode }: { dy: Tensor; dx: Tensor; mode: GreyMode }): void {
  const mean = mode === 'mean';
  device.dispatch({
    kernel: backwardKernel,
    ...pixels(dx, mean),
    reads: { dy },
    writes: { dx },
    flops: mean ? size(dy) : 0,
  });
}

/** Constants and workgroups of a kernel whose threads each take all channels of one vector of pixels. */
function pixels(x: Tensor, mean: boolean) {
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const count = (n * plane) / v.WIDTH;
  const workgroups = foldWorkgroups(Math.ceil(count / WORKGROUP_SIZE));
  return {
    constants: {
      ...v,
      WORKGROUP_SIZE,
      COUNT: count,
      GROUPS_X: workgroups[0],
      C: c,
      PLANE: plane / v.WIDTH,
      MEAN: mean,
    },
    workgroups,
  };
}
