import type { Device } from '../../src/runtime/device.ts';
import { size } from '../../src/runtime/tensor.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { nchw, rows3x3, slabsOf, spreadOut } from '../common/launch.ts';
import { merge } from '../reduce/launch.ts';
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
    constants: { ...rows, ...groups.constants, C: c },
    reads: { dy, weight },
    writes: { dx },
    workgroups: [groups.x, c, groups.z],
    flops: 18 * size(dy),
  });
}

function multiply(device: Device, { x, weight, y, stride }: Forward, flipped: boolean): void {
  const { n, c, h } = nchw(y);
  const rows = rows3x3(x, y, stride);
  const band = bandRows(device.adapter.kind, h, n * c * rows.ROW_OUT);
  const bands = Math.ceil(h / band);
  const groups = spreadOut(n * bands * rows.ROW_OUT);
  device.dispatch({
    kernel: multiplyKernel,
    constants: { ...rows, ...groups.constants, FLIPPED: flipped, ROWS: band, BANDS: bands, C: c },
    reads: { x, weight },
    writes: { y },
    workgroups: [groups.x, c, groups.z],
    flops: 18 * size(y),
  });
}

/** dweight[C,1,3,3] from x[N,C,H,W] and dy[N,C,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const { n, c, h } = nchw(dy);
  const rows = rows3x3(x, dy, stride);
  const band = bandRows(device.adapter.kind, h, n * c * rows.ROW_OUT);
  const bands = Math.ceil(h / band);
  const { constants, slabs } = slabsOf(device, n * bands * rows.ROW_OUT, c);
  const partial = device.tensor([slabs, ...dweight.shape]);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: { ...rows, ...constants, SUMS: 9, ROWS: band, BANDS: bands, C: c },
    reads: { x, dy },
    writes: { partial },
    workgroups: [c, slabs],
    flops: 18 * size(dy),
  });
  merge(device, { partial, total: dweight });
}
