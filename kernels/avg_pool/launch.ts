import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { nchw, WORKGROUP_SIZE } from '../common/launch.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';

/** A square window, the distance between windows, and the zeros around the picture. */
export interface AvgPoolAttrs {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** The number of windows along an axis that has `pixels` pixels. */
export const windowsIn = (pixels: number, { kernel, stride, padding }: AvgPoolAttrs) =>
  Math.floor((pixels + 2 * padding - kernel) / stride) + 1;

/** y[N,C,…] from x[N,C,H,W]. */
export function forward(device: Device, { x, y, ...attrs }: AvgPoolAttrs & { x: Tensor; y: Tensor }): void {
  device.dispatch({
    kernel: forwardKernel,
    ...pixelwise(y, x, y, attrs),
    reads: { x },
    writes: { y },
    flops: attrs.kernel ** 2 * size(y),
  });
}

/** dx[N,C,H,W] from dy[N,C,…]. */
export function backward(device: Device, { dy, dx, ...attrs }: AvgPoolAttrs & { dy: Tensor; dx: Tensor }): void {
  device.dispatch({
    kernel: backwardKernel,
    ...pixelwise(dx, dx, dy, attrs),
    reads: { dy },
    writes: { dx },
    flops: attrs.kernel ** 2 * size(dy),
  });
}

/** Constants and workgroups with a thread for each pixel of `written`. */
function pixelwise(written: Tensor, x: Tensor, y: Tensor, { kernel, stride, padding }: AvgPoolAttrs) {
  const workgroups = foldWorkgroups(Math.ceil(size(written) / WORKGROUP_SIZE));
  return {
    constants: {
      WIDTH: 1,
      HALF: written.dtype === 'f16',
      WORKGROUP_SIZE,
      COUNT: size(written),
      GROUPS_X: workgroups[0],
      KERNEL: kernel,
      STRIDE: stride,
      PADDING: padding,
      IN_H: nchw(x).h,
      IN_W: nchw(x).w,
      OUT_H: nchw(y).h,
      OUT_W: nchw(y).w,
    },
    workgroups,
  };
}
