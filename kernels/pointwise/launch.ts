import type { Device } from '../../src/runtime/device.ts';
import { size } from '../../src/runtime/tensor.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { nchw, slabsOf, spreadOut, vector } from '../common/launch.ts';
import { merge } from '../reduce/launch.ts';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { backwardWeightTiles, multiplyTiles } from './tiles.ts';

/** y[N,O,⌈H/s⌉,⌈W/s⌉] = weight[O,C,1,1] · x[N,C,H,W] (+ bias[O]). */
export function forward(device: Device, launch: Forward): void {
  multiply(device, launch, false);
}

/** dx[N,C,H,W] from dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardInput(device: Device, { dy, weight, dx, stride }: BackwardInput): void {
  multiply(device, { x: dy, weight, y: dx, stride }, true);
}

function multiply(device: Device, { x, weight, bias, y, stride }: Forward, transposed: boolean): void {
  const from = nchw(x);
  const to = nchw(y);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const positions = (to.n * to.plane) / v.WIDTH;
  const tiles = multiplyTiles(device.adapter.kind, to.c, positions);
  const groups = spreadOut(positions, tiles.VECTORS);
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...v,
      ...tiles,
      ...groups.constants,
      OVERHANG: to.c % tiles.TILE_O !== 0,
      BIAS: bias !== undefined,
      TRANSPOSED: transposed,
      STRIDE: stride,
      C_IN: from.c,
      C_OUT: to.c,
      WIDTH_IN: from.w,
      WIDTH_OUT: to.w,
      PLANE_IN: from.plane / v.WIDTH,
      PLANE_OUT: to.plane / v.WIDTH,
    },
    reads: { x, weight, bias },
    writes: { y },
    workgroups: [groups.x, Math.ceil(to.c / tiles.TILE_O), groups.z],
    flops: 2 * from.c * to.c * to.n * Math.min(from.plane, to.plane),
  });
}

/** dweight[O,C,1,1] from x[N,C,H,W] and dy[N,O,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const from = nchw(x);
  const to = nchw(dy);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const tiles = backwardWeightTiles(device.adapter.kind, to.c, from.c);
  const groups: [number, number] = [Math.ceil(to.c / tiles.TILE_O), Math.ceil(from.c / tiles.TILE_C)];
  const { constants, slabs } = slabsOf(device, (to.n * to.plane) / v.WIDTH, groups[0] * groups[1]);
  const partial = device.tensor([slabs, to.c, from.c]);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: {
      ...v,
      ...tiles,
      ...constants,
      SUMS: tiles.TILE_O * tiles.TILE_C,
      STRIDE: stride,
      C_IN: from.c,
      C_OUT: to.c,
      WIDTH_IN: from.w,
      WIDTH_OUT: to.w,
      PLANE_IN: from.plane / v.WIDTH,
      PLANE_OUT: to.plane / v.WIDTH,
    },
    reads: { x, dy },
    writes: { partial },
    workgroups: [...groups, slabs],
    flops: 2 * from.c * size(dy),
  });
  merge(device, { partial, total: dweight });
}
