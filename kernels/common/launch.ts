import { fold } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';

/** Lanes in a workgroup whose lanes work on their own. */
export const LANES = 64;

/**
 * Lanes in a workgroup whose lanes add up what each of them holds. Software adapters pay dearly for a barrier that more
 * lanes pass than step together (8 on llvmpipe, 4 on SwiftShader), in running and in compiling.
 */
export const teamLanes = ({ adapter }: Device) => ({ gpu: 64, llvmpipe: 8, swiftshader: 4 })[adapter.kind];

/** The constants of common/vector.wgsl: pixels are taken four at a time where a run of `extent` of them allows it. */
export function vector(extent: number, { dtype }: Tensor): { WIDTH: number; HALF: boolean } {
  return { WIDTH: extent % 4 === 0 ? 4 : 1, HALF: dtype === 'f16' };
}

/**
 * A sum over `positions`, cut into slabs for a merge: enough workgroups to fill the adapter where each slab takes
 * `groupsPerSlab` of them, and some positions for each lane.
 */
export function slabsOf(device: Device, positions: number, groupsPerSlab: number) {
  const lanes = teamLanes(device);
  const wanted = Math.ceil((device.adapter.kind === 'gpu' ? 512 : 4) / groupsPerSlab);
  const slab = Math.max(lanes, Math.ceil(positions / wanted));
  return { constants: { LANES: lanes, POSITIONS: positions, SLAB: slab }, slabs: Math.ceil(positions / slab) };
}

/** Constants and x and z workgroups of a kernel whose lanes each take `perLane` of the positions. */
export function spreadOut(positions: number, perLane = 1) {
  const [x, z] = fold(Math.ceil(positions / (LANES * perLane)));
  return { constants: { LANES, POSITIONS: positions, GROUPS_X: x }, x, z };
}

/**
 * Positions cut into spans, each of which a workgroup (or `groupsPerSpan` of them) walks through in steps and leaves one
 * row of sums: few enough rows for whoever adds them up, enough workgroups to fill the adapter.
 */
export function spansOf(device: Device, positions: number, groupsPerSpan: number, step: number) {
  const [most, groups] = device.adapter.kind === 'gpu' ? [64, 2048] : [8, 64];
  const wanted = Math.min(most, Math.ceil(groups / groupsPerSpan));
  const span = Math.ceil(positions / wanted / step) * step;
  return { constants: { POSITIONS: positions, SPAN: span }, rows: Math.ceil(positions / span) };
}

/** The smallest extent of tiles that cover `extent` in as few tiles as those of `most` would. */
export const evenTile = (extent: number, most: number) => Math.ceil(extent / Math.ceil(extent / most));

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

/** The constants of common/taps.wgsl and common/spread.wgsl: rows of x and y, counted in y's vectors. */
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
