import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { nchw, rows3x3, slabsOf, spreadOut } from '../common/launch.ts';
import { merge, partialOf } from '../reduce/launch.ts';
import backwardInputStridedKernel from './backward_input_strided.wgsl';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { bandRows } from './tiles.ts';

/** y[N,C,⌈H/s⌉,⌈W/s⌉] = weight[C,1,3,3] ∗ x[N,C,H,W], channel by channel. */
export function forward(device: Device, launch: Forward): void {
  multiply(device, launch, false);
}

/** dx[N,C,H,W] from dy[N,C,⌈H/s⌉,⌈W/s⌉]. */
export function backwardInput(device: Device, { dy, weight, dx, stride }: BackwardInput): void {
  if (stride === 1) {
    multiply(device, { x: dy, weight, y: dx, stride }, true);
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

function multiply(device: Device, { x, weight, y, stride }: Forward, flipped: boolean): void {
  const { c } = nchw(y);
  const { constants, bands } = bandsOf(device, x, y, stride);
  const groups = spreadOut(bands);
  device.dispatch({
    kernel: multiplyKernel,
    constants: { ...constants, ...groups.constants, PICTURE: 'x', FLIPPED: flipped },
    reads: { x, weight },
    writes: { y },
    workgroups: [groups.x, c, groups.z],
    flops: 18 * size(y),
  });
}

/** Constants of a kernel that walks down bands of y's rows, and how many bands a channel has. */
export function bandsOf(device: Device, x: Tensor, y: Tensor, stride: number) {
  const { n, c, h } = nchw(y);
  const rows = rows3x3(x, y, stride);
  const band = bandRows(device.adapter.kind, h, n * c * rows.ROW_OUT);
  const bands = Math.ceil(h / band);
  return { constants: { ...rows, ROWS: band, BANDS: bands, C: c }, bands: n * bands * rows.ROW_OUT };
}

/** dweight[C,1,3,3] from x[N,C,H,W] and dy[N,C,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const { c } = nchw(dy);
  const { constants, bands } = bandsOf(device, x, dy, stride);
  const slabs = slabsOf(device, bands, c);
  const partial = partialOf(device, slabs.slabs, dweight);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: { ...constants, ...slabs.constants, PICTURE: 'x', SUMS: 9 },
    reads: { x, dy },
    writes: { partial },
    workgroups: [c, slabs.slabs],
    flops: 18 * size(dy),
  });
  merge(device, { partial, total: dweight });
}
