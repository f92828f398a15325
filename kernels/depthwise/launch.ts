import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { LANES, nchw, onePerLane, rows3x3, slabsOfPositions } from '../common/launch.ts';
import { merge } from '../reduce/launch.ts';
import backwardInputStridedKernel from './backward_input_strided.wgsl';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';

interface Multiply {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly y: Tensor;
  readonly stride: number;
}

/** y[N,C,⌈H/s⌉,⌈W/s⌉] = weight[C,1,3,3] ∗ x[N,C,H,W], channel by channel. */
export function forward(device: Device, launch: Multiply): void {
  multiply(device, launch, false);
}

/** dx[N,C,H,W] from dy[N,C,⌈H/s⌉,⌈W/s⌉]. */
export function backwardInput(
  device: Device,
  { dy, weight, dx, stride }: { dy: Tensor; weight: Tensor; dx: Tensor; stride: number },
): void {
  if (stride === 1) {
    multiply(device, { x: dy, weight, y: dx, stride }, true);
    return;
  }
  const { n, c, h } = nchw(dy);
  const rows = rows3x3(dx, dy, stride);
  const { groups, ...positions } = onePerLane(n * h * rows.ROW_OUT);
  device.dispatch({
    kernel: backwardInputStridedKernel,
    constants: { ...rows, ...positions, LANES, C: c },
    reads: { dy, weight },
    writes: { dx },
    workgroups: [groups[0], c, groups[1]],
    flops: 18 * size(dy),
  });
}

function multiply(device: Device, { x, weight, y, stride }: Multiply, flipped: boolean): void {
  const { n, c, h } = nchw(y);
  const rows = rows3x3(x, y, stride);
  const band = Math.min(4, h);
  const bands = Math.ceil(h / band);
  const { groups, ...positions } = onePerLane(n * bands * rows.ROW_OUT);
  device.dispatch({
    kernel: multiplyKernel,
    constants: { ...rows, ...positions, LANES, FLIPPED: flipped, ROWS: band, BANDS: bands, C: c },
    reads: { x, weight },
    writes: { y },
    workgroups: [groups[0], c, groups[1]],
    flops: 18 * size(y),
  });
}

/** dweight[C,1,3,3] from x[N,C,H,W] and dy[N,C,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(
  device: Device,
  { x, dy, dweight, stride }: { x: Tensor; dy: Tensor; dweight: Tensor; stride: number },
): void {
  const { n, c, h } = nchw(dy);
  const rows = rows3x3(x, dy, stride);
  const band = Math.min(4, h);
  const bands = Math.ceil(h / band);
  const positions = n * bands * rows.ROW_OUT;
  const { SLAB, slabs } = slabsOfPositions(positions, c);
  const partial = device.tensor([slabs, ...dweight.shape]);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: { ...rows, LANES, SUMS: 9, ROWS: band, BANDS: bands, POSITIONS: positions, SLAB, C: c },
    reads: { x, dy },
    writes: { partial },
    workgroups: [c, slabs],
    flops: 18 * size(dy),
  });
  merge(device, { partial, total: dweight });
}
