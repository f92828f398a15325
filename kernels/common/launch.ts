import type { KernelSource } from '../../src/runtime/codegen.ts';
import { fold } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import type { Tiles } from '../../src/runtime/tuning.ts';
import { slabTiles, spanTiles, TEAM_LANES } from './tiles.ts';

/** Lanes in a workgroup whose lanes work on their own. */
export const LANES = 64;

/** Lanes in a workgroup whose lanes add up what each of them holds. */
export const teamLanes = ({ adapter }: Device) => TEAM_LANES[adapter.kind];

/** The READERS of common/readers.wgsl, as many as step together on a software adapter. */
export function readers({ adapter, gpu }: Device): number {
  const broadcasts = adapter.kind !== 'gpu' && gpu.features.has('subgroups');
  return broadcasts ? Math.min(8, gpu.adapterInfo?.subgroupMinSize ?? 1) : 1;
}

/** What a dispatch does, as far as its tiles depend on it. */
export interface Work {
  readonly kernel: KernelSource;
  /** The main tensor that it reads. */
  readonly x: Tensor;
  /** The main tensor that it writes, or that is shaped like what is computed. */
  readonly y: Tensor;
  /** What else one kernel does in more than one way. */
  readonly how?: string;
}

/** The tiles of a dispatch: the first of `choices`, or what the device was tuned to. */
export function tiles<T extends Tiles>({ tuning }: Device, { kernel, x, y, how }: Work, choices: readonly T[]): T {
  const shapes = `${x.shape.join('×')} → ${y.shape.join('×')} ${x.dtype}`;
  return tuning.choose(kernel, how ? `${how} ${shapes}` : shapes, choices);
}

/** The constants of common/vector.wgsl: pixels are taken four at a time where a run of `extent` of them allows it. */
export function vector(extent: number, { dtype }: Tensor): { WIDTH: number; HALF: boolean } {
  return { WIDTH: extent % 4 === 0 ? 4 : 1, HALF: dtype === 'f16' };
}

/** Constants of a sum over `positions`, cut into slabs for a merge, and how many these are (see `slabTiles`). */
export function slabsOf(device: Device, work: Work, positions: number, groupsPerSlab: number) {
  const choices = slabTiles(device.adapter.kind, positions, groupsPerSlab);
  const { SLAB } = tiles(device, { ...work, how: 'slabs' }, choices);
  return { constants: { LANES: teamLanes(device), POSITIONS: positions, SLAB }, slabs: Math.ceil(positions / SLAB) };
}

/** Constants and x and z workgroups of a kernel whose lanes each take `perLane` of the positions. */
export function spreadOut(positions: number, perLane = 1) {
  const [x, z] = fold(Math.ceil(positions / (LANES * perLane)));
  return { constants: { LANES, POSITIONS: positions, GROUPS_X: x }, x, z };
}

/** Constants of positions cut into spans that leave one row of sums each, and how many these are (see `spanTiles`). */
export function spansOf(device: Device, work: Work, positions: number, groupsPerSpan: number, step: number) {
  const choices = spanTiles(device.adapter.kind, positions, groupsPerSpan, step);
  const { SPAN } = tiles(device, { ...work, how: 'spans' }, choices);
  return { constants: { POSITIONS: positions, SPAN }, rows: Math.ceil(positions / SPAN) };
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
