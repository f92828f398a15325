import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationConstants, activationOf } from '../activation/table.ts';
import { momentsTensor } from '../batch_norm/launch.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { coverPositions, inlinedSums, mergedSums, nchw, tiles, WORKGROUP_SIZE, windows } from '../common/launch.ts';
import { NO_EXTRA, outer } from '../pointwise/launch.ts';
import { partialsOf } from '../reduce/launch.ts';
import backwardInputStridedKernel from './backward_input_strided.wgsl';
import backwardWeightKernel from './backward_weight.wgsl';
import backwardWeightWideKernel from './backward_weight_wide.wgsl';
import multiplyKernel from './multiply.wgsl';
import { backwardInputTiles, backwardWeightTiles, isWide, multiplyTiles } from './tiles.ts';

/** y[N,O,⌈H/s⌉,⌈W/s⌉] = act(weight[O,C,3,3] ∗ x[N,C,H,W] (+ bias[O])). */
export function forward(device: Device, launch: Forward): void {
  multiply(device, launch, false, false);
}

/** The same without an activation. Returns y's moments, which are those of the sums that y stores. */
export function forwardWithMoments(
  device: Device,
  launch: Omit<Forward, 'activation'> & { activation?: 'none' },
): Tensor {
  const { activation = 'none' } = launch;
  if (activation !== 'none')
    throw new Error(`conv3x3: activation must be none where moments are returned, got ${activation}`);
  return multiply(device, launch, false, true)!;
}

/** dx[N,C,H,W] from dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardInput(device: Device, { dy, weight, dx, stride }: BackwardInput): void {
  if (stride === 1) {
    multiply(device, { x: dy, weight, y: dx, stride }, true, false);
    return;
  }
  const from = nchw(dx);
  const to = nchw(dy);
  const rows = windows(3, stride, dx, dy);
  const work = { kernel: backwardInputStridedKernel, x: dy, y: dx };
  const { TILE_C } = tiles(device, work, backwardInputTiles(device.capabilities, from.c));
  const groups = coverPositions(to.n * to.h * rows.ROW_OUT);
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
  withMoments: boolean,
): Tensor | undefined {
  const from = nchw(x);
  const to = nchw(y);
  const rows = windows(3, stride, x, y);
  const positions = to.n * to.h * rows.ROW_OUT;
  const work = {
    kernel: multiplyKernel,
    x,
    y,
    variant: withMoments ? 'with moments' : transposed ? 'transposed' : undefined,
  };
  const tile = tiles(device, work, multiplyTiles(device.capabilities, to.c, positions, withMoments));
  const READERS = device.capabilities.readers;
  const tilesOfO = Math.ceil(to.c / tile.TILE_O);
  const threads = withMoments ? device.capabilities.teamThreads : WORKGROUP_SIZE;
  const step = threads * tile.VECTORS;
  const sums = withMoments
    ? inlinedSums(device, work, positions, tilesOfO, step)
    : { constants: { POSITIONS: positions, CHUNK: step }, chunks: Math.ceil(positions / step) };
  const [groups, folds] = foldWorkgroups(sums.chunks);
  const momentsOut = withMoments ? momentsTensor(device, sums.chunks, to.c) : undefined;
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...rows,
      ...tile,
      ...sums.constants,
      PICTURE: 'x',
      WORKGROUP_SIZE: threads,
      GROUPS_X: groups,
      TILE: tile.TILE_O,
      ROLLED: device.capabilities.rolled,
      READERS,
      OVERHANG: to.c % tile.TILE_O !== 0 || (3 * tile.TILE_O) % READERS !== 0,
      BIAS: bias !== undefined,
      TRANSPOSED: transposed,
      WITH_MOMENTS: withMoments,
      SLICES: 1,
      ...activationConstants(activation),
      C_IN: from.c,
      C_OUT: to.c,
    },
    reads: { x, weight, bias },
    writes: { y, ...(momentsOut && { moments_out: momentsOut }) },
    workgroups: [groups, tilesOfO, folds],
    flops: (18 * from.c + activationOf(activation).flops.value + (withMoments ? 4 : 0)) * size(y),
  });
  return momentsOut;
}

/** dweight[O,C,3,3] from x[N,C,H,W] and dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const from = nchw(x);
  const to = nchw(dy);
  const rows = windows(3, stride, x, dy);
  const launch = { reads: { x, dy }, flops: 18 * from.c * size(dy) };
  if (isWide(device.capabilities, to.c, from.c)) {
    const work = { kernel: backwardWeightWideKernel, x, y: dy };
    const { constants, workgroups, chunks } = outer(device, work, rows.WIDTH, NO_EXTRA, 9 * from.c);
    device.dispatch({
      ...launch,
      kernel: backwardWeightWideKernel,
      constants: { ...rows, ...constants, PICTURE: 'x', CHANNELS: from.c },
      writes: { partial: partialsOf(dweight, chunks) },
      workgroups,
    });
    return;
  }
  const work = { kernel: backwardWeightKernel, x, y: dy };
  const tile = tiles(device, work, backwardWeightTiles(to.c, to.h));
  const bands = Math.ceil(to.h / tile.ROWS);
  const groups: [number, number] = [Math.ceil(to.c / tile.TILE_O), from.c];
  const { constants, chunks } = mergedSums(device, work, to.n * bands * rows.ROW_OUT, groups[0] * groups[1]);
  device.dispatch({
    ...launch,
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
    writes: { partial: partialsOf(dweight, chunks) },
    workgroups: [...groups, chunks],
  });
}
