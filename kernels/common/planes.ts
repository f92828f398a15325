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

/** Constants and workgroups of a kernel that includes plane_sum.wgsl. */
export function planeSum(device: Device, x: Tensor) {
  const lanes = teamLanes(device);
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const vectors = plane / v.WIDTH;
  // Enough vectors for a lane to be worth the adding up; a team is at most a workgroup.
  const team = Math.min(lanes, 2 ** Math.floor(Math.log2(Math.max(1, vectors / 16))));
  const workgroups = fold(Math.ceil((n * c) / (lanes / team)));
  return {
    constants: { ...v, LANES: lanes, TEAM: team, PLANES: n * c, PLANE: vectors, GROUPS_X: workgroups[0] },
    workgroups,
  };
}
