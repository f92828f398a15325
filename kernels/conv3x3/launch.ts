import { fold } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { momentsTensor } from '../batch_norm/launch.ts';
import { activationFlops } from '../common/activation.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { LANES, nchw, readers, rows3x3, slabsOf, spansOf, spreadOut, teamLanes, tiles } from '../common/launch.ts';
import backwardInputStridedKernel from './backward_input_strided.wgsl';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { backwardInputTiles, backwardWeightTiles, multiplyTiles } from './tiles.ts';

/** y[N,O,⌈H/s⌉,⌈W/s⌉] = act(weight[O,C,3,3] ∗ x[N,C,H,W] (+ bias[O])). */
export function forward(device: Device, launch: Forward): void {
  multiply(device, launch, false, false);
}

/** The same without an activation. Returns y's moments. */
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
  const work = { kernel: backwardInputStridedKernel, x: dy, y: dx };
  const { TILE_C } = tiles(device, work, backwardInputTiles(device.adapter.kind, from.c));
  const groups = spreadOut(to.n * to.h * rows.ROW_OUT);
  device.dispatch({
    kernel: backwardInputStridedKernel,
    constants: { ...rows, ...groups.constants, PICTURE: 'dy', TILE_C, C_IN: from.c, C_OUT: to.c },
    reads: { dy, weight },
    writes: { dx },
    workgroups: [groups.x, Math.ceil(from.c / TILE_C), groups.z],
    flops: 18 * from.c * size(dy),
  });
}

function multiply(
  device: Device,
  { x, weight, bias, y, stride, activation = 'none' }: Forward,
  transposed: boolean,
  leave: boolean,
): Tensor | undefined {
  const from = nchw(x);
  const to = nchw(y);
  const rows = rows3x3(x, y, stride);
  const positions = to.n * to.h * rows.ROW_OUT;
  const work = { kernel: multiplyKernel, x, y, how: leave ? 'leaving' : transposed ? 'transposed' : undefined };
  const tile = tiles(device, work, multiplyTiles(device.adapter.kind, to.c, positions));
  const READERS = readers(device);
  const tilesOfO = Math.ceil(to.c / tile.TILE_O);
  const lanes = leave ? teamLanes(device) : LANES;
  const step = lanes * tile.VECTORS;
  const spans = leave
    ? spansOf(device, work, positions, tilesOfO, step)
    : { constants: { POSITIONS: positions, SPAN: step }, rows: Math.ceil(positions / step) };
  const [groups, folds] = fold(spans.rows);
  const left = leave ? momentsTensor(device, spans.rows, to.c) : undefined;
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...rows,
      ...tile,
      ...spans.constants,
      PICTURE: 'x',
      LANES: lanes,
      GROUPS_X: groups,
      TILE: tile.TILE_O,
      ROLLED: device.adapter.kind !== 'gpu',
      READERS,
      OVERHANG: to.c % tile.TILE_O !== 0 || (3 * tile.TILE_O) % READERS !== 0,
      BIAS: bias !== undefined,
      TRANSPOSED: transposed,
      LEAVE: leave,
      ACTIVATION: activation,
      C_IN: from.c,
      C_OUT: to.c,
    },
    reads: { x, weight, bias },
    writes: { y, ...(left && { left }) },
    workgroups: [groups, tilesOfO, folds],
    flops: (18 * from.c + activationFlops[activation].value + (leave ? 4 : 0)) * size(y),
  });
  return left;
}

/** dweight[O,C,3,3] from x[N,C,H,W] and dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const from = nchw(x);
  const to = nchw(dy);
  const rows = rows3x3(x, dy, stride);
  const work = { kernel: backwardWeightKernel, x, y: dy };
  const tile = tiles(device, work, backwardWeightTiles(to.c, to.h));
  const bands = Math.ceil(to.h / tile.ROWS);
  const groups: [number, number] = [Math.ceil(to.c / tile.TILE_O), from.c];
  const { constants, slabs } = slabsOf(device, work, to.n * bands * rows.ROW_OUT, groups[0] * groups[1]);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: {
      ...rows,
      ...tile,
      ...constants,
      PICTURE: 'x',
      SUMS: 9 * tile.TILE_O,
      BANDS: bands,
      C_IN: from.c,
      C_OUT: to.c,
    },
    reads: { x, dy },
    writes: { partial: dweight.slabs(slabs) },
    workgroups: [...groups, slabs],
    flops: 18 * from.c * size(dy),
  });
}
