import type { Storage } from './memory.ts';

/** Bytes an element takes. */
export const bytesPer = { f32: 4, f16: 2, u32: 4, i32: 4, u8: 1 } as const;

/** A tensor's data type. */
export type DType = keyof typeof bytesPer;

/** A tensor's extents, the slowest axis first. */
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
  /** Whether it does not own its memory: a part of another tensor (see `view`), or a constant. */
  readonly isView?: boolean;
}

/** A tensor that TypeScript knows to be of integers. */
export type IntegerTensor<D extends 'i32' | 'u32' | 'u8'> = Tensor & { readonly dtype: D };

/** WebGPU requires the offset of a binding to be a multiple of this many bytes. */
export const ALIGNMENT = 256;

/** Elements in the tensor. */
export const size = (tensor: Tensor) => sizeOf(tensor.shape);

/** Bytes the tensor's elements take. */
export const byteLength = (tensor: Tensor) => size(tensor) * bytesPer[tensor.dtype];

/** The same bytes under another shape of as many elements. */
export function reshape<T extends Tensor>(tensor: T, shape: Shape): T {
  if (sizeOf(shape) !== size(tensor)) {
    throw new Error(`reshape(): [${shape}] must hold ${size(tensor)} elements, got ${sizeOf(shape)}`);
  }
  return { ...tensor, shape };
}

/**
 * A part of a tensor, which begins `offset` bytes (a multiple of 256) behind the tensor. It has no memory of its own: it is
 * valid as long as the tensor is, and cannot be released.
 */
export function view<T extends Tensor>(tensor: T, offset: number, shape: Shape): T {
  const part = { ...tensor, offset: tensor.offset + offset, shape, isView: true };
  if (offset % ALIGNMENT !== 0) throw new Error(`view(): the offset must be a multiple of ${ALIGNMENT}, got ${offset}`);
  if (offset < 0 || offset + byteLength(part) > byteLength(tensor)) {
    const range = `bytes ${offset} to ${offset + byteLength(part)}`;
    throw new Error(`view(): the part must lie in the tensor's ${byteLength(tensor)} bytes, got ${range}`);
  }
  // Writing it writes whole words.
  if (byteLength(part) % 4 !== 0 && offset + byteLength(part) !== byteLength(tensor)) {
    throw new Error(`view(): a part that does not end the tensor must take whole words, got ${byteLength(part)} bytes`);
  }
  return part;
}
