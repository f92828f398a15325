import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationFlops } from '../common/activation.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { nchw, rows3x3, slabsOf, spreadOut, tiles, type Work } from '../common/launch.ts';
import backwardInputStridedKernel from './backward_input_strided.wgsl';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { bandTiles } from './tiles.ts';

/** y[N,C,⌈H/s⌉,⌈W/s⌉] = act(weight[C,1,3,3] ∗ x[N,C,H,W] (+ bias[C])), channel by channel. */
export function forward(device: Device, launch: Forward): void {
  multiply(device, launch, false, false);
}

/** The same. Returns a smaller picture in f32, whose planes have the same means as y's. */
export const forwardLeaving = (device: Device, launch: Forward): Tensor => multiply(device, launch, false, true)!;

/** dx[N,C,H,W] from dy[N,C,⌈H/s⌉,⌈W/s⌉]. */
export function backwardInput(device: Device, { dy, weight, dx, stride }: BackwardInput): void {
  if (stride === 1) {
    multiply(device, { x: dy, weight, y: dx, stride }, true, false);
    return;
  }
  const { n, c, h } = nchw(dy);
  const rows = rows3x3(dx, dy, stride);
  const groups = spreadOut(n * h * rows.ROW_OUT);
  device.dispatch({
    kernel: backwardInputStridedKernel,
    constants: { ...rows, ...groups.constants, PICTURE: 'dy', C: c },
    reads: { dy, weight },
    writes: { dx },
    workgroups: [groups.x, c, groups.z],
    flops: 18 * size(dy),
  });
}

function multiply(
  device: Device,
  { x, weight, bias, y, stride, activation = 'none' }: Forward,
  flipped: boolean,
  leave: boolean,
): Tensor | undefined {
  const { n, c } = nchw(y);
  const { constants, bands } = bandsOf(device, { kernel: multiplyKernel, x, y }, stride);
  const groups = spreadOut(bands);
  const left = leave ? device.tensor([n, c, constants.BANDS, constants.ROW_OUT]) : undefined;
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...constants,
      ...groups.constants,
      PICTURE: 'x',
      FLIPPED: flipped,
      BIAS: bias !== undefined,
      LEAVE: leave,
      ACTIVATION: activation,
    },
    reads: { x, weight, bias },
    writes: { y, ...(left && { left }) },
    workgroups: [groups.x, c, groups.z],
    flops: (18 + activationFlops[activation].value + (leave ? 1 : 0)) * size(y),
  });
  return left;
}

/** Constants of a kernel that walks down bands of y's rows, and how many bands a channel has. */
export function bandsOf(device: Device, work: Work, stride: number) {
  const { n, c, h } = nchw(work.y);
  const rows = rows3x3(work.x, work.y, stride);
  const { ROWS } = tiles(device, work, bandTiles(device.adapter.kind, h, n * c * rows.ROW_OUT));
  const bands = Math.ceil(h / ROWS);
  return { constants: { ...rows, ROWS, BANDS: bands, C: c }, bands: n * bands * rows.ROW_OUT };
}

/** dweight[C,1,3,3] from x[N,C,H,W] and dy[N,C,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const { c } = nchw(dy);
  const work = { kernel: backwardWeightKernel, x, y: dy };
  const { constants, bands } = bandsOf(device, work, stride);
  const slabs = slabsOf(device, work, bands, c);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: { ...constants, ...slabs.constants, PICTURE: 'x', SUMS: 9 },
    reads: { x, dy },
    writes: { partial: dweight.slabs(slabs.slabs) },
    workgroups: [c, slabs.slabs],
    flops: 18 * size(dy),
  });
}
