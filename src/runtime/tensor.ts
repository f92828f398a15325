import type { Storage } from './memory.ts';

/** Bytes an element takes. */
export const bytesPer = { f32: 4, f16: 2, u32: 4, i32: 4, u8: 1 } as const;

export type DType = keyof typeof bytesPer;

export type Shape = readonly number[];

/** Elements in a tensor of that shape. */
export const sizeOf = (shape: Shape) => shape.reduce((product, extent) => product * extent, 1);

/** A dense row-major array on the GPU (pictures are NCHW): some bytes of a storage, a shape and an element type. */
export interface Tensor {
  readonly storage: Storage;
  /** Where it begins in the storage, in bytes; a multiple of 256. */
  readonly offset: number;
  readonly shape: Shape;
  readonly dtype: DType;
  /**
   * Of a picture [N,C,H,W]: what its maker left of each channel's moments, for one normalisation to come, which takes it
   * away: it keeps its norms there.
   */
  readonly moments?: { tensor?: Tensor };
}

/** Elements in the tensor. */
export const size = (tensor: Tensor) => sizeOf(tensor.shape);

/** Bytes the tensor's elements take. */
export const byteLength = (tensor: Tensor) => size(tensor) * bytesPer[tensor.dtype];

/** The same bytes under another shape of as many elements. */
export function reshape(tensor: Tensor, shape: Shape): Tensor {
  if (sizeOf(shape) !== size(tensor)) {
    throw new Error(`reshape(): [${shape}] must hold ${size(tensor)} elements, got ${sizeOf(shape)}`);
  }
  return { ...tensor, shape, moments: undefined };
}
