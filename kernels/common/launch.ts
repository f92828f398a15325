import type { KernelSource } from '../../src/runtime/codegen.ts';
import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import type { Tiles } from '../../src/runtime/tuning.ts';
import { inlinedChunks, mergedChunks } from './tiles.ts';

// Words that all kernels share:
//
// - a plane: the H×W pixels of one channel of one image; a vector: WIDTH neighbouring pixels of a plane;
// - a position: one place that a kernel computes at, often a vector of pixels, counted through all images;
// - partial sums: a sum over all positions is cut into chunks of CHUNK positions. A workgroup (or several, for different
//   channels) sums one chunk and writes one row of the tensor `partial` [chunks, …shape of the sum]. The rows are added
//   afterwards, always in the same order, so that the same input gives the same bits: either by a kernel of their own
//   (merged, such as reduce/merge.wgsl) or by every workgroup of the kernel that needs the sum (inlined);
// - moments: count, mean and Σ(x − mean)² of each channel, in partial rows as well (see batch_norm/moments.wgsl).

/** Threads of a workgroup whose threads work independently. Others have `capabilities.teamThreads`. */
export const WORKGROUP_SIZE = 64;

/** A dispatch, as far as its tiles depend on it. */
export interface Work {
  readonly kernel: KernelSource;
  /** The main tensor that it reads. */
  readonly x: Tensor;
  /** The main tensor that it writes, or one of the shape of what is computed. */
  readonly y: Tensor;
  /** Kernel variant; part of the tuning key. */
  readonly variant?: string;
}

/** The tiles of a dispatch: the first of `choices`, or those that the device was tuned to. */
export function tiles<T extends Tiles>({ tuning }: Device, { kernel, x, y, variant }: Work, choices: readonly T[]): T {
  const shapes = `${x.shape.join('×')} → ${y.shape.join('×')} ${x.dtype}`;
  return tuning.choose(kernel, variant ? `${variant} ${shapes}` : shapes, choices);
}

/** The constants of common/vector.wgsl: vectors of four pixels if `extent`, the length of a run of pixels, allows it. */
export function vector(extent: number, { dtype }: Tensor): { WIDTH: number; HALF: boolean } {
  return { WIDTH: extent % 4 === 0 ? 4 : 1, HALF: dtype === 'f16' };
}

const sumsOf = ({ variant }: Work) => (variant ? `${variant} sums` : 'sums');

/** Constants of a kernel that computes partial sums over `positions` for a merge, and the number of chunks. */
export function mergedSums(device: Device, work: Work, positions: number, workgroupsPerChunk: number) {
  const choices = mergedChunks(device.capabilities, positions, workgroupsPerChunk);
  const { CHUNK } = tiles(device, { ...work, variant: sumsOf(work) }, choices);
  return {
    constants: { WORKGROUP_SIZE: device.capabilities.teamThreads, POSITIONS: positions, CHUNK },
    chunks: Math.ceil(positions / CHUNK),
  };
}

/**
 * Constants of a kernel that computes partial sums over `positions` for the kernel that needs them, and the number of
 * chunks. A chunk is a multiple of `step` positions.
 */
export function inlinedSums(device: Device, work: Work, positions: number, workgroupsPerChunk: number, step: number) {
  const choices = inlinedChunks(device.capabilities, positions, workgroupsPerChunk, step);
  const { CHUNK } = tiles(device, { ...work, variant: sumsOf(work) }, choices);
  return { constants: { POSITIONS: positions, CHUNK }, chunks: Math.ceil(positions / CHUNK) };
}

/** Constants and x and z workgroups of a kernel whose workgroups of `threads` each take `perWorkgroup` of the positions. */
export function coverPositions(positions: number, threads = WORKGROUP_SIZE, perWorkgroup = threads) {
  const [x, z] = foldWorkgroups(Math.ceil(positions / perWorkgroup));
  return { constants: { WORKGROUP_SIZE: threads, POSITIONS: positions, GROUPS_X: x }, x, z };
}

/** Extents of a tensor [N,C,H,W]. */
export function nchw({ shape: [n, c, h, w] }: Tensor) {
  return { n, c, h, w, plane: h * w };
}

/**
 * Constants and workgroups of an elementwise kernel: one thread for each vector of elements.
 * @param run the elements that are cut into vectors: all of the tensor, or each of its parts
 */
export function elementwise(tensor: Tensor, run = size(tensor)) {
  const v = vector(run, tensor);
  const count = size(tensor) / v.WIDTH;
  const workgroups = foldWorkgroups(Math.ceil(count / WORKGROUP_SIZE));
  return { constants: { ...v, WORKGROUP_SIZE, COUNT: count, GROUPS_X: workgroups[0] }, workgroups };
}

/** The constants of common/taps.wgsl and common/spread.wgsl for a square kernel and the planes of x and y, in vectors. */
export function windows(kernel: number, stride: number, x: Tensor, y: Tensor) {
  const from = nchw(x);
  const to = nchw(y);
  const v = vector(from.w % (4 * stride) === 0 ? 4 : 1, x);
  return {
    ...v,
    KERNEL: kernel,
    STRIDE: stride,
    HEIGHT_IN: from.h,
    HEIGHT_OUT: to.h,
    ROW_IN: from.w / v.WIDTH,
    ROW_OUT: to.w / v.WIDTH,
  };
}
