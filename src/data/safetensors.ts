import { excerpt, UserError } from '../runtime/errors.ts';

const ARRAYS = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  /** Raw bits of the half floats. */
  F16: Uint16Array,
  /** The upper halves of the bits of float32 numbers. */
  BF16: Uint16Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  /** 0 or 1. */
  BOOL: Uint8Array,
} as const;

/** A data type of a safetensors file. */
export type Dtype = keyof typeof ARRAYS;

/** A tensor of a file; the product of `shape` is the length of `data`. */
export type StoredTensor = {
  [D in Dtype]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: InstanceType<(typeof ARRAYS)[D]>;
  };
}[Dtype];

/** Contents of a safetensors file, in the order of its header. */
export interface TensorFile {
  readonly tensors: Map<string, StoredTensor>;
  readonly metadata: Map<string, string>;
}

const METADATA = '__metadata__';
/** A net of 10,000 tensors has a header of about 1 MB; parsing a much larger one takes minutes. */
const MAX_HEADER_BYTES = 16_000_000;

/**
 * Encodes a safetensors file. The bytes do not depend on the order of the maps: tensors are sorted by element size,
 * largest first, so that each one is aligned, then by name.
 * @throws {RangeError} if a tensor's shape does not match its data
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || compare(nameA, nameB),
  );
  const header: [string, unknown][] = [];
  if (metadata.size > 0) {
    header.push([METADATA, Object.fromEntries([...metadata].sort(([a], [b]) => compare(a, b)))]);
  }
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    if (name === METADATA) throw new RangeError(`encodeSafetensors(): a tensor cannot be named ${METADATA}`);
    if (data.length !== product(shape)) {
      throw new RangeError(
        `encodeSafetensors(): tensor "${name}" of shape [${shape}] needs ${product(shape)} elements, got ${data.length}`,
      );
    }
    header.push([name, { dtype, shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  // Object.fromEntries also defines a key such as __proto__, which an assignment would not.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.fill(0x20, 8, start);
  bytes.set(json, 8);
  let offset = start;
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * Decodes a safetensors file and validates all offsets and sizes. The tensors' data are copies.
 * @throws {UserError} naming the tensor, if the file violates the format or has a dtype other than {@link Dtype}
 */
export function decodeSafetensors(bytes: Uint8Array): TensorFile {
  const { header, body } = split(bytes);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, StoredTensor>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) {
      for (const [key, value] of Object.entries(asObject(entry, METADATA))) {
        if (typeof value !== 'string') throw new UserError(`${METADATA}: "${excerpt(key)}" is not a string.`);
        metadata.set(key, value);
      }
      continue;
    }
    const { dtype, shape, begin, end } = checkEntry(name, entry, body.length);
    ranges.push({ name, begin, end });
    // A copy, because the tensor may be unaligned in the file. (slice() of a Node Buffer would not copy.)
    tensors.set(name, {
      dtype,
      shape,
      data: new ARRAYS[dtype](new Uint8Array(body.subarray(begin, end)).buffer),
    } as StoredTensor);
  }
  checkCoverage(ranges, body.length);
  return { tensors, metadata };
}

function split(bytes: Uint8Array): { header: Record<string, unknown>; body: Uint8Array } {
  if (bytes.length < 8) {
    throw new UserError(`Not a safetensors file: ${bytes.length} bytes, expected at least 8.`);
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) {
    throw new UserError(`Not a safetensors file: its header has ${length} bytes, more than the limit of 16 MB.`);
  }
  if (length > bytes.length - 8) {
    throw new UserError(
      `Truncated safetensors file: its header has ${length} bytes, but only ${bytes.length - 8} follow.`,
    );
  }
  const body = bytes.subarray(8 + length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw new UserError('Not a safetensors file: its header is not valid JSON.');
  }
  return { header: asObject(header, 'the header'), body };
}

function checkEntry(name: string, entry: unknown, bodyLength: number) {
  const { dtype, shape, data_offsets: offsets } = asObject(entry, `tensor "${excerpt(name)}"`);
  if (typeof dtype !== 'string' || !Object.hasOwn(ARRAYS, dtype)) {
    throw new UserError(
      `Tensor "${excerpt(name)}" has dtype ${excerpt(dtype)}, expected one of ${Object.keys(ARRAYS).join(', ')}.`,
    );
  }
  if (!isCounts(shape))
    throw new UserError(`Tensor "${excerpt(name)}" has a shape that is not a list of integers >= 0.`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new UserError(`Tensor "${excerpt(name)}" has data_offsets that are not two integers >= 0.`);
  }
  const [begin, end] = offsets;
  if (begin > end || end > bodyLength) {
    throw new UserError(
      `Tensor "${excerpt(name)}" is at bytes ${begin} to ${end}, outside the ${bodyLength} bytes of data.`,
    );
  }
  const expected = product(shape) * ARRAYS[dtype as Dtype].BYTES_PER_ELEMENT;
  if (end - begin !== expected) {
    throw new UserError(
      `Tensor "${excerpt(name)}" (${dtype} [${excerpt(shape)}]) needs ${expected} bytes, but its offsets span ${end - begin}.`,
    );
  }
  return { dtype: dtype as Dtype, shape, begin, end };
}

/** Checks that the tensors cover the data exactly: the format allows neither overlaps nor gaps. */
function checkCoverage(ranges: { name: string; begin: number; end: number }[], bodyLength: number): void {
  let covered = 0;
  for (const { name, begin, end } of ranges.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) throw new UserError(`Tensor "${excerpt(name)}" overlaps the tensor before it.`);
    if (begin > covered)
      throw new UserError(`There is a gap of ${begin - covered} bytes before tensor "${excerpt(name)}".`);
    covered = end;
  }
  if (covered !== bodyLength)
    throw new UserError(`The last tensor is followed by ${bodyLength - covered} bytes that belong to no tensor.`);
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`Not a safetensors file: ${what} is not a JSON object.`);
  }
  return value as Record<string, unknown>;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Compares by code units, independent of the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
