import { fromHalf, toHalf } from './half.ts';
import { type DType, type IntegerTensor, type Shape, sizeOf, type Tensor } from './tensor.ts';

/** Arrays on the host that tensors are filled from: the type says how elements are stored, Uint16Array as bits of f16. */
export type HostArray = Float32Array | Int32Array | Uint32Array | Uint8Array | Uint16Array;

/**
 * The array on the host that a tensor is read into; f16 is converted. TypeScript knows of integers only where an array of
 * them was uploaded, and takes other tensors for f32 or f16, which is what all ops return.
 */
export type ReadArray<T extends Tensor> =
  T extends IntegerTensor<'i32'>
    ? Int32Array<ArrayBuffer>
    : T extends IntegerTensor<'u32'>
      ? Uint32Array<ArrayBuffer>
      : T extends IntegerTensor<'u8'>
        ? Uint8Array<ArrayBuffer>
        : Float32Array<ArrayBuffer>;

/** The tensor that an array is uploaded to. */
export type UploadedTensor<A extends HostArray> = A extends Int32Array
  ? IntegerTensor<'i32'>
  : A extends Uint32Array
    ? IntegerTensor<'u32'>
    : A extends Uint8Array
      ? IntegerTensor<'u8'>
      : Tensor;

const ARRAYS = { f32: Float32Array, f16: Uint16Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array } as const;

/** @throws Error for an array that no dtype is stored as */
export function dtypeOf(data: HostArray): DType {
  const found = Object.entries(ARRAYS).find(([, type]) => data instanceof type);
  if (found) return found[0] as DType;
  throw new Error(
    `upload(): data must be one of ${Object.values(ARRAYS).map(({ name }) => name)}, got ${nameOf(data)}`,
  );
}

/**
 * The bytes of a tensor, from an array of its dtype; f16 also from a Float32Array, which is rounded. They share the array's
 * memory where they are the same.
 * @throws Error for an array of another type or length
 */
export function toBytes(method: string, data: HostArray, shape: Shape, dtype: DType): Uint8Array<ArrayBuffer> {
  const isRounded = dtype === 'f16' && data instanceof Float32Array;
  if (!isRounded && !(data instanceof ARRAYS[dtype])) {
    const wanted = dtype === 'f16' ? 'Float32Array or Uint16Array of bits' : ARRAYS[dtype].name;
    throw new Error(`${method}(): a tensor of ${dtype} must get a ${wanted}, got ${nameOf(data)}`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new Error(`${method}(): [${shape}] must get ${sizeOf(shape)} elements, got ${data.length}`);
  }
  const stored = isRounded ? Uint16Array.from(data, toHalf) : data;
  return new Uint8Array(stored.buffer as ArrayBuffer, stored.byteOffset, stored.byteLength);
}

/** The elements of a tensor, from its bytes. */
export function fromBytes(bytes: ArrayBuffer, dtype: DType) {
  if (dtype === 'f16') return Float32Array.from(new Uint16Array(bytes), fromHalf);
  return new ARRAYS[dtype](bytes);
}

const nameOf = (data: unknown) => (data as object | undefined)?.constructor?.name ?? typeof data;
