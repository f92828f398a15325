import { UserError } from '../runtime/errors.ts';
import { type Dataset, inMemory } from './dataset.ts';
import type { NamedBytes } from './named_bytes.ts';

/** An array of unsigned bytes in MNIST's format, and the file it comes from. */
export interface IdxArray {
  readonly file: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** The element type's code in an IDX file. */
const UNSIGNED_BYTE = 8;

/**
 * Reads an IDX file: two zero bytes, the type of the elements, the number of dimensions, each dimension as a big-endian
 * u32, then the elements.
 * @param dimensions how many there have to be
 * @throws {UserError} if the file is no such array of unsigned bytes, or cut
 */
export function parseIdx({ name: file, bytes }: NamedBytes, dimensions: number): IdxArray {
  const start = 4 + 4 * dimensions;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < start || view.getUint32(0) !== (UNSIGNED_BYTE << 8) + dimensions) {
    throw new UserError(`${file} is not an IDX file; expected unsigned bytes in ${dimensions} dimension(s).`);
  }
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const data = bytes.subarray(start);
  const expected = shape.reduce((a, b) => a * b, 1);
  if (data.length !== expected) {
    throw new UserError(
      `${file} is truncated or not an IDX file: ${data.length} bytes of data, expected ${expected} for ${shape.join('×')}.`,
    );
  }
  return { file, shape, data };
}

/**
 * Joins grey pictures [N, height, width] and their labels [N].
 * @throws {UserError} if there are none, not as many of either, or a label has no class
 */
export function idxDataset(pictures: IdxArray, labels: IdxArray, name: string, classes: readonly string[]): Dataset {
  const [length, height, width] = pictures.shape;
  if (pictures.data.length === 0) throw new UserError(`${pictures.file} is empty; expected grey pictures.`);
  if (labels.data.length !== length) {
    throw new UserError(
      `${labels.file} has ${labels.data.length} labels; expected ${length}, as ${pictures.file} has.`,
    );
  }
  const unknown = labels.data.findIndex((label) => label >= classes.length);
  if (unknown >= 0) {
    const label = labels.data[unknown];
    throw new UserError(`${labels.file}: label ${unknown} (from 0) is ${label}, expected 0 to ${classes.length - 1}.`);
  }
  return inMemory({
    ...{ name, classes, channels: 1, height, width },
    images: pictures.data,
    labels: Int32Array.from(labels.data),
  });
}
