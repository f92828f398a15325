import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationFlops } from '../common/activation.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { nchw, readers, slabsOf, spreadOut, tiles, vector, type Work } from '../common/launch.ts';
import { roundUp } from '../common/tiles.ts';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { multiplyTiles, type OuterTile, outerTiles } from './tiles.ts';

/** A forward pass's extras: what x is multiplied with where it is read, gate[N,C], and what is added, shaped like y. */
interface Extras {
  readonly gate?: Tensor;
  readonly addend?: Tensor;
}

/** y[N,O,⌈H/s⌉,⌈W/s⌉] = act(weight[O,C,1,1] · (gate[N,C] ·) x[N,C,H,W] (+ bias[O]) (+ addend)). */
export function forward(device: Device, launch: Forward & Extras): void {
  multiply(device, launch, false);
}

/** dx[N,C,H,W] from dy[N,O,⌈H/s⌉,⌈W/s⌉], and what is added to it: another gradient of the same x. */
export function backwardInput(
  device: Device,
  { dy, weight, dx, stride, addend }: BackwardInput & { addend?: Tensor },
): void {
  multiply(device, { x: dy, weight, y: dx, stride, addend }, true);
}

function multiply(
  device: Device,
  { x, weight, bias, y, stride, gate, addend, activation = 'none' }: Forward & Extras,
  transposed: boolean,
): void {
  const from = nchw(x);
  const to = nchw(y);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const work = { kernel: multiplyKernel, x, y, how: transposed ? 'transposed' : undefined };
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
      ACTIVATION: activation,
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
      ((addend ? 1 : 0) + activationFlops[activation].value) * size(y) +
      (gate ? size(x) : 0),
  });
}

/** Constants and workgroups of a kernel that includes product.wgsl, a product from x's channels to y's, or `transposed`. */
export function product(device: Device, work: Work, width: number) {
  const from = nchw(work.x);
  const to = nchw(work.y);
  const positions = (to.n * to.plane) / width;
  const READERS = readers(device);
  const tile = tiles(device, work, multiplyTiles(device.adapter.kind, to.c, positions));
  const [STEP_O, STEP_C] = work.how === 'transposed' ? [1, to.c] : [from.c, 1];
  return {
    constants: {
      ...tile,
      READERS,
      OVERHANG: to.c % tile.TILE_O !== 0 || tile.TILE_O % READERS !== 0,
      TILE: tile.TILE_O,
      ROLLED: device.adapter.kind !== 'gpu',
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
    groups: { ...spreadOut(positions, tile.VECTORS), tiles: Math.ceil(to.c / tile.TILE_O) },
  };
}

/** dweight[O,C,1,1] from x[N,C,H,W] and dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const from = nchw(x);
  const to = nchw(dy);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const { constants, workgroups, slabs } = outer(device, { kernel: backwardWeightKernel, x, y: dy }, v.WIDTH);
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
    writes: { partial: dweight.slabs(slabs) },
    workgroups,
    flops: 2 * from.c * size(dy),
  });
}

/** More rows of a sum of outer products: how many of all a tile of TILE_O rows takes, and what is summed beside the matrix. */
interface Others {
  readonly channels: number;
  readonly inTile: (TILE_O: number) => number;
  readonly sides: boolean;
}

const NO_OTHERS: Others = { channels: 0, inTile: () => 0, sides: false };

/** Constants and workgroups of a sum of outer products of y's channels with x's, in slabs (see outer.wgsl). */
export function outer(device: Device, work: Work, width: number, others = NO_OTHERS) {
  const from = nchw(work.x);
  const to = nchw(work.y);
  const READERS = readers(device);
  const othersOf = (tile: OuterTile) => roundUp(others.inTile(tile.TILE_O), READERS);
  const sumsOf = (tile: OuterTile) =>
    (tile.TILE_O + othersOf(tile)) * tile.TILE_C + (others.sides ? 2 * tile.TILE_O + tile.TILE_C : 0);
  const tile = tiles(device, work, outerTiles(device.adapter.kind, READERS, to.c, from.c, sumsOf));
  const groups: [number, number] = [Math.ceil(to.c / tile.TILE_O), Math.ceil(from.c / tile.TILE_C)];
  const { constants, slabs } = slabsOf(device, work, (to.n * to.plane) / width, groups[0] * groups[1]);
  const sums = (to.c + others.channels) * from.c + (others.sides ? 2 * to.c + from.c : 0);
  return {
    constants: {
      ...tile,
      ...constants,
      READERS,
      OTHERS: othersOf(tile),
      LINES: Math.max(tile.TILE_O, othersOf(tile)),
      SIDES: others.sides,
      SUMS: sumsOf(tile),
      SLAB_SUMS: sums,
      C_IN: from.c,
      C_OUT: to.c,
      C_OTHER: others.channels,
      PLANE_OUT: to.plane / width,
    },
    workgroups: [...groups, slabs] as [number, number, number],
    /** The shape of `partial`. */
    shape: [slabs, sums],
    slabs,
  };
}
