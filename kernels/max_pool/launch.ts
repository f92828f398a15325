import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { nchw, vector, WORKGROUP_SIZE } from '../common/launch.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';

/** y[N,C,⌈H/2⌉,⌈W/2⌉] from x[N,C,H,W]. Returns the position of each maximum in its window, for `backward`. */
export function forward(device: Device, { x, y }: { x: Tensor; y: Tensor }): Tensor {
  const { constants, workgroups } = strips(x, y);
  const largest = device.tensor([constants.COUNT], 'u32');
  device.dispatch({
    kernel: forwardKernel,
    constants,
    reads: { x },
    writes: { y, largest },
    workgroups,
    flops: 9 * size(y),
  });
  return largest;
}

/** dx[N,C,H,W] from dy[N,C,⌈H/2⌉,⌈W/2⌉]. */
export function backward(device: Device, { dy, largest, dx }: { dy: Tensor; largest: Tensor; dx: Tensor }): void {
  const { constants, workgroups } = strips(dx, dy);
  device.dispatch({
    kernel: backwardKernel,
    constants,
    reads: { dy, largest },
    writes: { dx },
    workgroups,
    flops: 5 * size(dy),
  });
}

/** Constants and workgroups of a kernel that includes strip.wgsl. */
function strips(large: Tensor, small: Tensor) {
  const { h, w } = nchw(large);
  const out = nchw(small);
  const v = vector(w % 2 === 0 ? out.w : 1, large);
  const count = size(small) / v.WIDTH;
  const workgroups = foldWorkgroups(Math.ceil(count / WORKGROUP_SIZE));
  return {
    constants: {
      ...v,
      WORKGROUP_SIZE,
      COUNT: count,
      GROUPS_X: workgroups[0],
      IN_H: h,
      IN_W: w,
      OUT_H: out.h,
      STRIPS: out.w / v.WIDTH,
    },
    workgroups,
  };
}
