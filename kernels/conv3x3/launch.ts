import type { Device } from '../../src/runtime/device.ts';
import { fold } from '../../src/runtime/command.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { LANES, nchw, onePerLane, rows3x3, slabsOfPositions } from '../common/launch.ts';
import { merge } from '../reduce/launch.ts';
import backwardInputStridedKernel from './backward_input_strided.wgsl';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';

interface Multiply {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor;
  readonly y: Tensor;
  readonly stride: number;
}

/** y[N,O,⌈H/s⌉,⌈W/s⌉] = weight[O,C,3,3] ∗ x[N,C,H,W] (+ bias[O]). */
export function forward(device: Device, launch: Multiply): void {
  multiply(device, launch, false);
}

/** dx[N,C,H,W] from dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardInput(
  device: Device,
  { dy, weight, dx, stride }: { dy: Tensor; weight: Tensor; dx: Tensor; stride: number },
): void {
  if (stride === 1) {
    multiply(device, { x: dy, weight, y: dx, stride }, true);
    return;
  }
  const from = nchw(dx);
  const to = nchw(dy);
  const rows = rows3x3(dx, dy, stride);
  const tile = Math.min(4, from.c);
  const { groups, ...positions } = onePerLane(to.n * to.h * rows.ROW_OUT);
  device.dispatch({
    kernel: backwardInputStridedKernel,
    constants: { ...rows, ...positions, LANES, TILE_C: tile, C_IN: from.c, C_OUT: to.c },
    reads: { dy, weight },
    writes: { dx },
    workgroups: [groups[0], Math.ceil(from.c / tile), groups[1]],
    flops: 18 * from.c * size(dy),
  });
}

function multiply(device: Device, { x, weight, bias, y, stride }: Multiply, transposed: boolean): void {
  const from = nchw(x);
  const to = nchw(y);
  const rows = rows3x3(x, y, stride);
  const positions = to.n * to.h * rows.ROW_OUT;
  const tiles = { TILE_O: Math.min(Number(process.env.T ?? 4), to.c), VECTORS: Number(process.env.P ?? 2) };
  const groups = fold(Math.ceil(positions / LANES / tiles.VECTORS));
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...rows,
      ...tiles,
      LANES,
      BIAS: bias !== undefined,
      TRANSPOSED: transposed,
      POSITIONS: positions,
      GROUPS_X: groups[0],
      C_IN: from.c,
      C_OUT: to.c,
    },
    reads: { x, weight, bias },
    writes: { y },
    workgroups: [groups[0], Math.ceil(to.c / tiles.TILE_O), groups[1]],
    flops: 18 * from.c * size(y),
  });
}

/** dweight[O,C,3,3] from x[N,C,H,W] and dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(
  device: Device,
  { x, dy, dweight, stride }: { x: Tensor; dy: Tensor; dweight: Tensor; stride: number },
): void {
  const from = nchw(x);
  const to = nchw(dy);
  const rows = rows3x3(x, dy, stride);
  const tile = Math.min(Number(process.env.TW ?? 4), to.c);
  const groups: [number, number] = [Math.ceil(to.c / tile), from.c];
  const band = Math.min(Number(process.env.R ?? 8), to.h);
  const bands = Math.ceil(to.h / band);
  const positions = to.n * bands * rows.ROW_OUT;
  const { SLAB, slabs } = slabsOfPositions(positions, groups[0] * groups[1]);
  const partial = device.tensor([slabs, ...dweight.shape]);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: {
      ...rows,
      LANES,
      TILE_O: tile,
      SUMS: 9 * tile,
      ROWS: band,
      BANDS: bands,
      POSITIONS: positions,
      SLAB,
      C_IN: from.c,
      C_OUT: to.c,
    },
    reads: { x, dy },
    writes: { partial },
    workgroups: [...groups, slabs],
    flops: 18 * from.c * size(dy),
  });
  merge(device, { partial, total: dweight });
}
