import { foldWorkgroups, MAX_GROUPS } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { nchw, vector, WORKGROUP_SIZE } from './launch.ts';

/** Constants and workgroups of a kernel that includes planes.wgsl. */
export function planewise(x: Tensor) {
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const vectors = plane / v.WIDTH;
  const count = n * c * vectors;
  const large = vectors >= WORKGROUP_SIZE && Math.max(n, c) <= MAX_GROUPS;
  const workgroups: [number, number, number?] = large
    ? [Math.ceil(vectors / WORKGROUP_SIZE), c, n]
    : foldWorkgroups(Math.ceil(count / WORKGROUP_SIZE));
  return {
    constants: { ...v, WORKGROUP_SIZE, LARGE: large, C: c, PLANE: vectors, COUNT: count, GROUPS_X: workgroups[0] },
    workgroups,
  };
}

/** Constants and workgroups of a kernel that includes plane_sum.wgsl and computes `terms` sums of each plane. */
export function planeSum(device: Device, x: Tensor, terms = 1) {
  const threads = device.capabilities.teamThreads;
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const vectors = plane / v.WIDTH;
  const perPlane = threadsPerPlane(threads, vectors / 16);
  const workgroups = foldWorkgroups(Math.ceil((n * c) / (threads / perPlane)));
  return {
    constants: {
      ...{ ...v, WORKGROUP_SIZE: threads, THREADS_PER_PLANE: perPlane, TERMS: terms },
      ...{ PLANES: n * c, PLANE: vectors, GROUPS_X: workgroups[0] },
    },
    workgroups,
  };
}

/** Threads of a workgroup that share a plane: a power of two, at most the whole workgroup and at most `wanted`. */
export const threadsPerPlane = (workgroupSize: number, wanted: number) =>
  Math.min(workgroupSize, 2 ** Math.floor(Math.log2(Math.max(1, wanted))));
