import { fold } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { momentsTensor } from '../batch_norm/launch.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { LANES, nchw, rows3x3, slabsOf, spansOf, spreadOut, teamLanes } from '../common/launch.ts';
import { merge, partialOf } from '../reduce/launch.ts';
import backwardInputStridedKernel from './backward_input_strided.wgsl';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { backwardInputTile, backwardWeightTiles, multiplyTiles } from './tiles.ts';

/** y[N,O,⌈H/s⌉,⌈W/s⌉] = weight[O,C,3,3] ∗ x[N,C,H,W] (+ bias[O]). */
export function forward(device: Device, launch: Forward): void {
  multiply(device, launch, false, false);
}

/** The same. Returns y's moments. */
export const forwardLeaving = (device: Device, launch: Forward): Tensor => multiply(device, launch, false, true)!;

/** dx[N,C,H,W] from dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardInput(device: Device, { dy, weight, dx, stride }: BackwardInput): void {
  if (stride === 1) {
    multiply(device, { x: dy, weight, y: dx, stride }, true, false);
    return;
  }
  const from = nchw(dx);
  const to = nchw(dy);
  const rows = rows3x3(dx, dy, stride);
  const tile = backwardInputTile(device.adapter.kind, from.c);
  const groups = spreadOut(to.n * to.h * rows.ROW_OUT);
  device.dispatch({
    kernel: backwardInputStridedKernel,
    constants: { ...rows, ...groups.constants, PICTURE: 'dy', TILE_C: tile, C_IN: from.c, C_OUT: to.c },
    reads: { dy, weight },
    writes: { dx },
    workgroups: [groups.x, Math.ceil(from.c / tile), groups.z],
    flops: 18 * from.c * size(dy),
  });
}

function multiply(
  device: Device,
  { x, weight, bias, y, stride }: Forward,
  transposed: boolean,
  leave: boolean,
): Tensor | undefined {
  const from = nchw(x);
  const to = nchw(y);
  const rows = rows3x3(x, y, stride);
  const positions = to.n * to.h * rows.ROW_OUT;
  const tiles = multiplyTiles(device.adapter.kind, to.c, positions);
  const tilesOfO = Math.ceil(to.c / tiles.TILE_O);
  const lanes = leave ? teamLanes(device) : LANES;
  const step = lanes * tiles.VECTORS;
  const spans = leave
    ? spansOf(device, positions, tilesOfO, step)
    : { constants: { POSITIONS: positions, SPAN: step }, rows: Math.ceil(positions / step) };
  const [groups, folds] = fold(spans.rows);
  const left = leave ? momentsTensor(device, spans.rows, to.c) : undefined;
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...rows,
      ...tiles,
      ...spans.constants,
      PICTURE: 'x',
      LANES: lanes,
      GROUPS_X: groups,
      OVERHANG: to.c % tiles.TILE_O !== 0,
      BIAS: bias !== undefined,
      TRANSPOSED: transposed,
      LEAVE: leave,
      C_IN: from.c,
      C_OUT: to.c,
    },
    reads: { x, weight, bias },
    writes: { y, ...(left && { left }) },
    workgroups: [groups, tilesOfO, folds],
    flops: (18 * from.c + (leave ? 4 : 0)) * size(y),
  });
  return left;
}

/** dweight[O,C,3,3] from x[N,C,H,W] and dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const from = nchw(x);
  const to = nchw(dy);
  const rows = rows3x3(x, dy, stride);
  const tiles = backwardWeightTiles(to.c, to.h);
  const bands = Math.ceil(to.h / tiles.ROWS);
  const groups: [number, number] = [Math.ceil(to.c / tiles.TILE_O), from.c];
  const { constants, slabs } = slabsOf(device, to.n * bands * rows.ROW_OUT, groups[0] * groups[1]);
  const partial = partialOf(device, slabs, dweight);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: {
      ...rows,
      ...tiles,
      ...constants,
      PICTURE: 'x',
      SUMS: 9 * tiles.TILE_O,
      BANDS: bands,
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
