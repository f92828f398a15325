import { fold } from '../../src/runtime/command.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';

/** Lanes in a workgroup of the kernels that walk planes or slabs. */
export const LANES = 64;

/** The constants of common/vector.wgsl: pixels are taken four at a time where a run of `extent` of them allows it. */
export function vector(extent: number, { dtype }: Tensor): { WIDTH: number; HALF: boolean } {
  return { WIDTH: extent % 4 === 0 ? 4 : 1, HALF: dtype === 'f16' };
}

/** How many slabs a reduction over `images` is cut into: enough workgroups to fill a GPU, few enough to merge. */
export function slabsOf(images: number, groupsPerSlab: number): { images: number; slabs: number } {
  const wanted = Math.max(1, Math.ceil(512 / groupsPerSlab));
  const perSlab = Math.max(1, Math.ceil(images / wanted));
  return { images: perSlab, slabs: Math.ceil(images / perSlab) };
}

/** How many slabs a sum over `positions` is cut into, and how many positions each holds; see `slabsOf`. */
export function slabsOfPositions(positions: number, groupsPerSlab: number): { SLAB: number; slabs: number } {
  const wanted = Math.max(1, Math.ceil(Number(process.env.WG ?? 512) / groupsPerSlab));
  const perSlab = Math.max(LANES, Math.ceil(positions / wanted));
  return { SLAB: perSlab, slabs: Math.ceil(positions / perSlab) };
}

/** Constants and x and z workgroups of a kernel whose lanes take one position each. */
export function onePerLane(positions: number): { POSITIONS: number; GROUPS_X: number; groups: [number, number] } {
  const groups = fold(Math.ceil(positions / LANES));
  return { POSITIONS: positions, GROUPS_X: groups[0], groups };
}

/** Extents of a picture tensor. */
export function nchw({ shape: [n, c, h, w] }: Tensor) {
  return { n, c, h, w, plane: h * w };
}

/** Constants and workgroups of a kernel that takes the elements of a tensor one vector after another. */
export function elementwise(tensor: Tensor) {
  const v = vector(size(tensor), tensor);
  const count = size(tensor) / v.WIDTH;
  const workgroups = fold(Math.ceil(count / LANES));
  return { constants: { ...v, LANES, COUNT: count, GROUPS_X: workgroups[0] }, workgroups };
}

/** The constants of common/taps.wgsl and common/spread.wgsl: rows of x and of y in vectors of y. */
export function rows3x3(x: Tensor, y: Tensor, stride: number) {
  const from = nchw(x);
  const to = nchw(y);
  const v = vector(from.w % (4 * stride) === 0 ? 4 : 1, x);
  return {
    ...v,
    STRIDE: stride,
    HEIGHT_IN: from.h,
    HEIGHT_OUT: to.h,
    ROW_IN: from.w / v.WIDTH,
    ROW_OUT: to.w / v.WIDTH,
  };
}
