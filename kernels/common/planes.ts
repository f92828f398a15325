import { fold } from '../../src/runtime/command.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { LANES, nchw, vector } from './launch.ts';

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
    constants: { ...v, LANES, C: c, PLANE: vectors, COUNT: count, GROUPS_X: workgroups[0] },
    workgroups,
  };
}
