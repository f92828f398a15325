import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationConstants, activationOf } from '../activation/table.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { coverPositions, mergedSums, nchw, tiles, vector, WORKGROUP_SIZE, type Work } from '../common/launch.ts';
import { partialsOf } from '../reduce/launch.ts';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { type Extra, extraRows, outerSums, outerTiles, stagedConstants } from './outer_tiles.ts';
import { multiplyTiles, productThreads, type WorkgroupUse } from './tiles.ts';

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

/**
 * Constants and workgroups of a kernel that includes product.wgsl, a product from x's channels to y's, or `transposed`.
 * @param threads of a workgroup with one slice
 * @param use workgroup memory that the kernel uses for other things
 */
export function product(device: Device, work: Work, width: number, threads = WORKGROUP_SIZE, use?: WorkgroupUse) {
  const from = nchw(work.x);
  const to = nchw(work.y);
  const positions = (to.n * to.plane) / width;
  const READERS = device.capabilities.readers;
  const tile = tiles(device, work, multiplyTiles(device.capabilities, { cIn: from.c, cOut: to.c, positions }, use));
  const workgroupSize = productThreads(tile, threads);
  const lanes = workgroupSize / tile.SLICES;
  const step = lanes * tile.VECTORS;
  const [STEP_O, STEP_C] = work.variant === 'transposed' ? [1, to.c] : [from.c, 1];
  return {
    constants: {
      ...tile,
      READERS,
      OVERHANG: to.c % (tile.TILE_O * tile.SLICES) !== 0 || tile.TILE_O % READERS !== 0,
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
      WORKGROUP_SIZE: workgroupSize,
    },
    lanes,
    /** Vectors of pixels that a workgroup takes at once. */
    step,
    /** For a kernel that includes each.wgsl; `tiles`: workgroups that take the same pixels. */
    groups: { ...coverPositions(positions, workgroupSize, step), tiles: Math.ceil(to.c / (tile.TILE_O * tile.SLICES)) },
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

export const NO_EXTRA: Extra = { rows: 0, perTile: () => 0, vectorSums: false };

/**
 * Constants and workgroups of a sum of outer products of y's channels with x's, in partial sums (see outer.wgsl).
 * @param columns of the matrix, if they are not x's channels
 */
export function outer(device: Device, work: Work, width: number, extra = NO_EXTRA, columns = nchw(work.x).c) {
  const { capabilities } = device;
  const to = nchw(work.y);
  const tile = tiles(device, work, outerTiles(capabilities, to.c, columns, extra));
  const groups: [number, number] = [Math.ceil(to.c / tile.TILE_O), Math.ceil(columns / tile.TILE_C)];
  const isStaged = tile.STEP > 1;
  // A workgroup that stages has twice the threads, each with sums of its own: a quarter as many workgroups are enough.
  const share = groups[0] * groups[1] * (isStaged ? 4 : 1);
  const { constants, chunks } = mergedSums(device, work, (to.n * to.plane) / width, share);
  const EXTRA_ROWS = extraRows(capabilities, tile, extra);
  const sums = (to.c + extra.rows) * columns + (extra.vectorSums ? 2 * to.c + columns : 0);
  return {
    constants: {
      ...tile,
      ...constants,
      ...(isStaged && stagedConstants(tile, EXTRA_ROWS)),
      READERS: capabilities.readers,
      EXTRA_ROWS,
      MOST_ROWS: Math.max(tile.TILE_O, EXTRA_ROWS),
      VECTOR_SUMS: extra.vectorSums,
      SUMS: outerSums(capabilities, tile, extra),
      CHUNK_SUMS: sums,
      C_IN: columns,
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
