import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationConstants, activationOf } from '../activation/table.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { coverPositions, mergedSums, nchw, tiles, vector, type Work } from '../common/launch.ts';
import { roundUp } from '../common/tiles.ts';
import { partialsOf } from '../reduce/launch.ts';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { multiplyTiles, type OuterTile, outerTiles } from './tiles.ts';

interface Fused {
  /** [N,C], multiplied with x where it is read. */
  readonly gate?: Tensor;
  /** Of the shape of y, added to it. */
  readonly addend?: Tensor;
}

/** y[N,O,⌈H/s⌉,⌈W/s⌉] = act(weight[O,C,1,1] · (gate[N,C] ·) x[N,C,H,W] (+ bias[O]) (+ addend)). */
export function forward(device: Device, launch: Forward & Fused): void {
  multiply(device, launch, false);
}

/** dx[N,C,H,W] from dy[N,O,⌈H/s⌉,⌈W/s⌉], plus another gradient of x if given (`addend`). */
export function backwardInput(
  device: Device,
  { dy, weight, dx, stride, addend }: BackwardInput & { addend?: Tensor },
): void {
  multiply(device, { x: dy, weight, y: dx, stride, addend }, true);
}

function multiply(
  device: Device,
  { x, weight, bias, y, stride, gate, addend, activation = 'none' }: Forward & Fused,
  transposed: boolean,
): void {
  const from = nchw(x);
  const to = nchw(y);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const work = { kernel: multiplyKernel, x, y, variant: transposed ? 'transposed' : undefined };
  const { constants, groups } = product(device, work, v.WIDTH);
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...v,
      ...constants,
      ...groups.constants,
      BIAS: bias !== undefined,
      ADD: addend !== undefined,
      GATED: gate !== undefined,
      ...activationConstants(activation),
      TRANSPOSED: transposed && stride !== 1,
      STRIDE: stride,
      WIDTH_IN: from.w,
      WIDTH_OUT: to.w,
    },
    reads: { x, weight, bias, addend, gate },
    writes: { y },
    workgroups: [groups.x, groups.tiles, groups.z],
    flops:
      2 * from.c * to.c * to.n * Math.min(from.plane, to.plane) +
      ((addend ? 1 : 0) + activationOf(activation).flops.value) * size(y) +
      (gate ? size(x) : 0),
  });
}

/** Constants and workgroups of a kernel that includes product.wgsl, a product from x's channels to y's, or `transposed`. */
export function product(device: Device, work: Work, width: number) {
  const from = nchw(work.x);
  const to = nchw(work.y);
  const positions = (to.n * to.plane) / width;
  const READERS = device.capabilities.readers;
  const tile = tiles(device, work, multiplyTiles(device.capabilities, to.c, positions));
  const [STEP_O, STEP_C] = work.variant === 'transposed' ? [1, to.c] : [from.c, 1];
  return {
    constants: {
      ...tile,
      READERS,
      OVERHANG: to.c % tile.TILE_O !== 0 || tile.TILE_O % READERS !== 0,
      TILE: tile.TILE_O,
      ROLLED: device.capabilities.rolled,
      SOURCES: 1,
      BIAS: false,
      STEP_O,
      STEP_C,
      C_IN0: from.c,
      C_IN1: 0,
      C_OUT: to.c,
      PLANE_IN: from.plane / width,
      PLANE_OUT: to.plane / width,
    },
    groups: { ...coverPositions(positions, tile.VECTORS), tiles: Math.ceil(to.c / tile.TILE_O) },
  };
}

/** dweight[O,C,1,1] from x[N,C,H,W] and dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const from = nchw(x);
  const to = nchw(dy);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const { constants, workgroups, chunks } = outer(device, { kernel: backwardWeightKernel, x, y: dy }, v.WIDTH);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: {
      ...v,
      ...constants,
      STRIDE: stride,
      WIDTH_IN: from.w,
      WIDTH_OUT: to.w,
      PLANE_IN: from.plane / v.WIDTH,
    },
    reads: { x, dy },
    writes: { partial: partialsOf(dweight, chunks) },
    workgroups,
    flops: 2 * from.c * size(dy),
  });
}

/** What a sum of outer products has beside the rows of y's channels (see outer.wgsl). */
interface Extra {
  /** More rows of the matrix. */
  readonly rows: number;
  /** How many of them a tile with TILE_O rows takes. */
  readonly perTile: (TILE_O: number) => number;
  /** Whether Σ row·extra, Σ row and Σ column are computed, too. */
  readonly vectorSums: boolean;
}

const NO_EXTRA: Extra = { rows: 0, perTile: () => 0, vectorSums: false };

/** Constants and workgroups of a sum of outer products of y's channels with x's, in partial sums (see outer.wgsl). */
export function outer(device: Device, work: Work, width: number, extra = NO_EXTRA) {
  const from = nchw(work.x);
  const to = nchw(work.y);
  const READERS = device.capabilities.readers;
  const extraOf = (tile: OuterTile) => roundUp(extra.perTile(tile.TILE_O), READERS);
  const sumsOf = (tile: OuterTile) =>
    (tile.TILE_O + extraOf(tile)) * tile.TILE_C + (extra.vectorSums ? 2 * tile.TILE_O + tile.TILE_C : 0);
  const tile = tiles(device, work, outerTiles(device.capabilities, to.c, from.c, sumsOf));
  const groups: [number, number] = [Math.ceil(to.c / tile.TILE_O), Math.ceil(from.c / tile.TILE_C)];
  const { constants, chunks } = mergedSums(device, work, (to.n * to.plane) / width, groups[0] * groups[1]);
  const sums = (to.c + extra.rows) * from.c + (extra.vectorSums ? 2 * to.c + from.c : 0);
  return {
    constants: {
      ...tile,
      ...constants,
      READERS,
      EXTRA_ROWS: extraOf(tile),
      MOST_ROWS: Math.max(tile.TILE_O, extraOf(tile)),
      VECTOR_SUMS: extra.vectorSums,
      SUMS: sumsOf(tile),
      CHUNK_SUMS: sums,
      C_IN: from.c,
      C_OUT: to.c,
      C_EXTRA: extra.rows,
      PLANE_OUT: to.plane / width,
    },
    workgroups: [...groups, chunks] as [number, number, number],
    /** The shape of `partial`. */
    shape: [chunks, sums],
    chunks,
  };
}
