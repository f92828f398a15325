import type { Device } from '../../src/runtime/device.ts';
import { fold } from '../../src/runtime/command.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { LANES, nchw, slabsOfPositions, vector } from '../common/launch.ts';
import { merge } from '../reduce/launch.ts';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';

interface Multiply {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor;
  readonly y: Tensor;
  readonly stride: number;
}

/** y[N,O,H/s,W/s] = weight[O,C,1,1] · x[N,C,H,W] (+ bias[O]). */
export function forward(device: Device, launch: Multiply): void {
  multiply(device, launch, false);
}

/** dx[N,C,H,W] from dy[N,O,H/s,W/s]. */
export function backwardInput(
  device: Device,
  { dy, weight, dx, stride }: { dy: Tensor; weight: Tensor; dx: Tensor; stride: number },
): void {
  multiply(device, { x: dy, weight, y: dx, stride }, true);
}

function multiply(device: Device, { x, weight, bias, y, stride }: Multiply, transposed: boolean): void {
  const from = nchw(x);
  const to = nchw(y);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const positions = (to.n * to.plane) / v.WIDTH;
  const tiles = { TILE_O: Math.min(Number(process.env.T ?? 8), to.c), VECTORS: Number(process.env.P ?? 2) };
  const groups = fold(Math.ceil(positions / LANES / tiles.VECTORS));
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...v,
      ...tiles,
      LANES,
      BIAS: bias !== undefined,
      TRANSPOSED: transposed,
      STRIDE: stride,
      POSITIONS: positions,
      GROUPS_X: groups[0],
      C_IN: from.c,
      C_OUT: to.c,
      WIDTH_IN: from.w,
      WIDTH_OUT: to.w,
      PLANE_IN: from.plane / v.WIDTH,
      PLANE_OUT: to.plane / v.WIDTH,
    },
    reads: { x, weight, bias },
    writes: { y },
    workgroups: [groups[0], Math.ceil(to.c / tiles.TILE_O), groups[1]],
    flops: 2 * from.c * to.c * to.n * Math.min(from.plane, to.plane),
  });
}

/** dweight[O,C,1,1] from x[N,C,H,W] and dy[N,O,H/s,W/s]. */
export function backwardWeight(
  device: Device,
  { x, dy, dweight, stride }: { x: Tensor; dy: Tensor; dweight: Tensor; stride: number },
): void {
  const from = nchw(x);
  const to = nchw(dy);
  const v = vector(stride === 1 ? to.plane : 1, x);
  const tiles = { TILE_O: Number(process.env.TO ?? 4), TILE_C: Number(process.env.TC ?? 4) };
  const groups: [number, number] = [Math.ceil(to.c / tiles.TILE_O), Math.ceil(from.c / tiles.TILE_C)];
  const positions = (to.n * to.plane) / v.WIDTH;
  const { SLAB, slabs } = slabsOfPositions(positions, groups[0] * groups[1]);
  const partial = device.tensor([slabs, to.c, from.c]);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: {
      ...tiles,
      SUMS: tiles.TILE_O * tiles.TILE_C,
      ...v,
      LANES,
      STRIDE: stride,
      POSITIONS: positions,
      SLAB,
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
