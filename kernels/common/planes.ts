import { fold } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { LANES, nchw, teamLanes, vector } from './launch.ts';

/** Constants and workgroups of a kernel that includes planes.wgsl. */
export function planewise(x: Tensor) {
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const vectors = plane / v.WIDTH;
  const count = n * c * vectors;
  const large = vectors >= LANES;
  const workgroups: [number, number, number?] = large
    ? [Math.ceil(vectors / LANES), c, n]
    : fold(Math.ceil(count / LANES));
  return {
    constants: { ...v, LANES, LARGE: large, C: c, PLANE: vectors, COUNT: count, GROUPS_X: workgroups[0] },
    workgroups,
  };
}

/** Constants and workgroups of a kernel that includes plane_sum.wgsl, for so many sums of each plane. */
export function planeSum(device: Device, x: Tensor, terms = 1) {
  const lanes = teamLanes(device);
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const vectors = plane / v.WIDTH;
  const team = teamOf(lanes, vectors / 16);
  const workgroups = fold(Math.ceil((n * c) / (lanes / team)));
  return {
    constants: { ...v, LANES: lanes, TEAM: team, TERMS: terms, PLANES: n * c, PLANE: vectors, GROUPS_X: workgroups[0] },
    workgroups,
  };
}

/** Lanes that share a plane: a power of two, at most a workgroup, and no more than `worth` it. */
export const teamOf = (lanes: number, worth: number) => Math.min(lanes, 2 ** Math.floor(Math.log2(Math.max(1, worth))));
