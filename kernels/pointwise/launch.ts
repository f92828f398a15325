import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { nchw, slabsOf, spreadOut, vector } from '../common/launch.ts';
import { merge, partialOf } from '../reduce/launch.ts';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { multiplyTiles, outerTiles } from './tiles.ts';

/** y[N,O,⌈H/s⌉,⌈W/s⌉] = weight[O,C,1,1] · x[N,C,H,W] (+ bias[O]). */
export function forward(device: Device, launch: Forward): void {
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
  { x, weight, bias, y, stride, addend }: Forward & { addend?: Tensor },
  transposed: boolean,
): void {
  const from = nchw(x);
  const to = nchw(y);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const { constants, groups } = product(device, x, y, v.WIDTH);
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...v,
      ...constants,
      ...groups.constants,
      BIAS: bias !== undefined,
      ADD: addend !== undefined,
      TRANSPOSED: transposed,
      STRIDE: stride,
      WIDTH_IN: from.w,
      WIDTH_OUT: to.w,
    },
    reads: { x, weight, bias, addend },
    writes: { y },
    workgroups: [groups.x, groups.tiles, groups.z],
    flops: 2 * from.c * to.c * to.n * Math.min(from.plane, to.plane) + (addend ? size(y) : 0),
  });
}

/** Constants and workgroups of a kernel that includes product.wgsl, a product from x's channels to y's. */
export function product(device: Device, x: Tensor, y: Tensor, width: number) {
  const from = nchw(x);
  const to = nchw(y);
  const positions = (to.n * to.plane) / width;
  const tiles = multiplyTiles(device.adapter.kind, to.c, positions);
  return {
    constants: {
      ...tiles,
      OVERHANG: to.c % tiles.TILE_O !== 0,
      TILE: tiles.TILE_O,
      ROLLED: device.adapter.kind !== 'gpu',
      SOURCES: 1,
      BIAS: false,
      C_IN0: from.c,
      C_IN1: 0,
      C_OUT: to.c,
      PLANE_IN: from.plane / width,
      PLANE_OUT: to.plane / width,
    },
    groups: { ...spreadOut(positions, tiles.VECTORS), tiles: Math.ceil(to.c / tiles.TILE_O) },
  };
}

/** dweight[O,C,1,1] from x[N,C,H,W] and dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const from = nchw(x);
  const to = nchw(dy);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const { constants, workgroups, slabs } = outer(device, x, dy, v.WIDTH);
  const partial = partialOf(device, slabs, dweight);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: {
      ...v,
      ...constants,
      EXTRA: 0,
      ROWS: constants.C_OUT,
      SUMS: constants.TILE_O * constants.TILE_C,
      STRIDE: stride,
      WIDTH_IN: from.w,
      WIDTH_OUT: to.w,
      PLANE_IN: from.plane / v.WIDTH,
    },
    reads: { x, dy },
    writes: { partial },
    workgroups,
    flops: 2 * from.c * size(dy),
  });
  merge(device, { partial, total: dweight });
}

/** Constants and workgroups of a sum of outer products of y's channels with x's, in slabs (see outer.wgsl). */
export function outer(device: Device, x: Tensor, y: Tensor, width: number) {
  const from = nchw(x);
  const to = nchw(y);
  const tiles = outerTiles(to.c, from.c);
  const groups: [number, number] = [Math.ceil(to.c / tiles.TILE_O), Math.ceil(from.c / tiles.TILE_C)];
  const { constants, slabs } = slabsOf(device, (to.n * to.plane) / width, groups[0] * groups[1]);
  return {
    constants: {
      ...tiles,
      ...constants,
      ROLLED: device.adapter.kind !== 'gpu',
      TILE: tiles.TILE_O,
      C_IN: from.c,
      C_OUT: to.c,
      PLANE_OUT: to.plane / width,
    },
    workgroups: [...groups, slabs] as [number, number, number],
    slabs,
  };
}
