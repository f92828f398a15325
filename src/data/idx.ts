import { UserError } from '../runtime/errors.ts';
import { type Dataset, inMemory } from './dataset.ts';
import type { NamedBytes } from './named_bytes.ts';

/** An array of unsigned bytes read from an IDX file (MNIST's format). */
export interface IdxArray {
  /** The file's name, for error messages. */
  readonly file: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Element type codes in the IDX header. */
const UNSIGNED_BYTE = 8;
const INT32 = 12;

/** Bytes of an IDX header of at most three dimensions. */
export const IDX_HEADER = 16;

/**
 * Returns the size in bytes that an IDX file has by its header: two zero bytes, the element type, the number of
 * dimensions, each dimension as a big-endian u32; then the elements follow.
 * @param head the first {@link IDX_HEADER} bytes, or all of a shorter file
 * @returns undefined if it is no header of an array of bytes or integers
 */
export function idxBytes(head: Uint8Array): number | undefined {
  const [zero, another, type, dimensions] = head;
  const start = 4 + 4 * dimensions;
  if (zero !== 0 || another !== 0 || !(dimensions >= 1 && dimensions <= 3) || head.length < start) return undefined;
  const bytes = type === UNSIGNED_BYTE ? 1 : type === INT32 ? 4 : undefined;
  return bytes && start + bytes * shapeOf(head, dimensions).reduce((a, b) => a * b, 1);
}

function shapeOf(bytes: Uint8Array, dimensions: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
}

/**
 * Parses an IDX file of unsigned bytes.
 * @param dimensions expected number of dimensions
 * @throws {UserError} if the file is truncated or not an array of unsigned bytes with that many dimensions
 */
export function parseIdx(file: NamedBytes, dimensions: number): IdxArray {
  return parse(file, dimensions, UNSIGNED_BYTE);
}

/**
 * Parses an IDX file of labels: unsigned bytes [N], or QMNIST's integers [N, columns], whose first column is the label.
 * @throws {UserError} if the file is truncated or has no such labels
 */
export function parseIdxLabels(file: NamedBytes): IdxArray {
  if (file.bytes[2] !== INT32) return parse(file, 1, UNSIGNED_BYTE);
  const { shape, data } = parse(file, 2, INT32);
  const [length, columns] = shape;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const labels = Array.from({ length }, (_, i) => view.getInt32(4 * i * columns));
  const wrong = labels.findIndex((label) => label < 0 || label > 255);
  if (wrong >= 0) throw new UserError(`${file.name}: label ${wrong} (from 0) is ${labels[wrong]}, expected 0 to 255.`);
  return { file: file.name, shape: [length], data: Uint8Array.from(labels) };
}

function parse({ name: file, bytes }: NamedBytes, dimensions: number, type: number): IdxArray {
  const start = 4 + 4 * dimensions;
  const size = idxBytes(bytes.subarray(0, IDX_HEADER));
  if (size === undefined || bytes[2] !== type || bytes[3] !== dimensions) {
    const elements = type === INT32 ? 'integers' : 'unsigned bytes';
    throw new UserError(`${file} is not an IDX file; expected ${elements} in ${dimensions} dimension(s).`);
  }
  const shape = shapeOf(bytes, dimensions);
  if (bytes.length !== size) {
    throw new UserError(
      `${file} is truncated or not an IDX file: ${bytes.length - start} bytes of data, expected ${size - start} for ${shape.join('×')}.`,
    );
  }
  return { file, shape, data: bytes.subarray(start) };
}

/** Exchanges rows and columns of pictures [N, height, width]. */
export function transposed({ file, shape, data }: IdxArray): IdxArray {
  const [length, height, width] = shape;
  const plane = height * width;
  const to = new Uint8Array(data.length);
  for (let n = 0; n < length; n++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) to[n * plane + x * height + y] = data[n * plane + y * width + x];
  return { file, shape: [length, width, height], data: to };
}

/**
 * Makes a data set of grey pictures [N, height, width] and labels [N].
 * @param first the label of the first class
 * @throws {UserError} if there are no pictures, the numbers of pictures and labels differ, or a label has no class
 */
export function idxDataset(
  pictures: IdxArray,
  labels: IdxArray,
  name: string,
  classes: readonly string[],
  first = 0,
): Dataset {
  const [length, height, width] = pictures.shape;
  if (pictures.data.length === 0) throw new UserError(`${pictures.file} is empty; expected grey pictures.`);
  if (labels.data.length !== length) {
    throw new UserError(
      `${labels.file} has ${labels.data.length} labels; expected ${length}, the number of pictures in ${pictures.file}.`,
    );
  }
  const unknown = labels.data.findIndex((label) => label < first || label >= first + classes.length);
  if (unknown >= 0) {
    const label = labels.data[unknown];
    const range = `${first} to ${first + classes.length - 1}`;
    throw new UserError(`${labels.file}: label ${unknown} (from 0) is ${label}, expected ${range}.`);
  }
  return inMemory({
    ...{ name, classes, channels: 1, height, width },
    images: pictures.data,
    labels: Int32Array.from(labels.data, (label) => label - first),
  });
}
