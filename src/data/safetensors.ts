import { UserError } from '../runtime/errors.ts';

const ARRAYS = {
  I64: BigInt64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  /** Half floats as their raw bits. */
  F16: Uint16Array,
  U8: Uint8Array,
} as const;

export type Dtype = keyof typeof ARRAYS;

/** One tensor of a file; its data has as many elements as the product of `shape` says. */
export type StoredTensor = {
  [D in Dtype]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: InstanceType<(typeof ARRAYS)[D]>;
  };
}[Dtype];

/** What a safetensors file holds, in the order of the file. */
export interface TensorFile {
  readonly tensors: Map<string, StoredTensor>;
  readonly metadata: Map<string, string>;
}

const METADATA = '__metadata__';
const MAX_HEADER_BYTES = 100_000_000;

/**
 * A safetensors file. Its bytes depend on the content only, not on the order of the maps: wide elements come
 * first, so that every tensor is aligned, and equally wide ones by name.
 * @throws {RangeError} if a tensor's shape and data disagree
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
    if (name === METADATA) throw new RangeError(`a tensor cannot be called ${METADATA}`);
    if (data.length !== product(shape)) {
      throw new RangeError(`tensor "${name}" has shape [${shape}] but ${data.length} elements`);
    }
    header.push([name, { dtype, shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  // fromEntries, because assigning a key such as __proto__ would not make a property
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
 * Reads a safetensors file, trusting none of its figures. The tensors' data are copies.
 * @throws {UserError} if the file breaks the format or has a dtype other than {@link Dtype}, naming the tensor
 */
export function decodeSafetensors(bytes: Uint8Array): TensorFile {
  const { header, body } = split(bytes);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, StoredTensor>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) {
      for (const [key, value] of Object.entries(asObject(entry, METADATA))) {
        if (typeof value !== 'string') throw new UserError(`${METADATA}: "${key}" is not a string.`);
        metadata.set(key, value);
      }
      continue;
    }
    const { dtype, shape, begin, end } = checkEntry(name, entry, body.length);
    ranges.push({ name, begin, end });
    // a copy, because the tensor may be unaligned in the file (and slice on a Node Buffer would not copy)
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
    throw new UserError(`Not a safetensors file: a header of ${length} bytes, above the limit of 100 MB.`);
  }
  if (length > bytes.length - 8) {
    throw new UserError(`Truncated safetensors file: a header of ${length} bytes, but ${bytes.length - 8} follow.`);
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
  const { dtype, shape, data_offsets: offsets } = asObject(entry, `tensor "${name}"`);
  if (typeof dtype !== 'string' || !Object.hasOwn(ARRAYS, dtype)) {
    throw new UserError(`Tensor "${name}" has dtype ${dtype}, expected one of ${Object.keys(ARRAYS).join(', ')}.`);
  }
  if (!isCounts(shape)) throw new UserError(`Tensor "${name}" has a shape that is not a list of integers >= 0.`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new UserError(`Tensor "${name}" has data_offsets that are not two integers >= 0.`);
  }
  const [begin, end] = offsets;
  if (begin > end || end > bodyLength) {
    throw new UserError(`Tensor "${name}" lies at bytes ${begin} to ${end}, outside the file's ${bodyLength} of data.`);
  }
  const expected = product(shape) * ARRAYS[dtype as Dtype].BYTES_PER_ELEMENT;
  if (end - begin !== expected) {
    throw new UserError(
      `Tensor "${name}" (${dtype} [${shape}]) should take ${expected} bytes, but its offsets give ${end - begin}.`,
    );
  }
  return { dtype: dtype as Dtype, shape, begin, end };
}

/** The tensors have to cover the data exactly: the format allows neither overlaps nor gaps. */
function checkCoverage(ranges: { name: string; begin: number; end: number }[], bodyLength: number): void {
  let covered = 0;
  for (const { name, begin, end } of ranges.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) throw new UserError(`Tensor "${name}" overlaps the tensor before it.`);
    if (begin > covered) throw new UserError(`There is a gap of ${begin - covered} bytes before tensor "${name}".`);
    covered = end;
  }
  if (covered !== bodyLength)
    throw new UserError(`${bodyLength - covered} bytes after the last tensor belong to none.`);
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

/** By code units, the same in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
