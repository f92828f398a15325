import { UserError } from '../runtime/errors.ts';
import type { Dataset } from './dataset.ts';

/** A file's bytes and the name to call it by in errors. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const PIXELS = 3 * 32 * 32;
/** A record is one byte of label, then 32×32 pixels as a red, a green and a blue plane. */
const RECORD = 1 + PIXELS;

/** The classes' names in the order of the labels. */
export const CIFAR10_CLASSES: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/**
 * Reads CIFAR-10's binary files (data_batch_N.bin, test_batch.bin) as one data set; cut files are fine.
 * @throws {UserError} if a file is empty, ends within a record or has a label above 9
 */
export function parseCifar10(files: readonly NamedBytes[]): Dataset {
  for (const { name, bytes } of files) {
    if (bytes.length === 0) throw new UserError(`${name} is empty; expected CIFAR-10 records of ${RECORD} bytes each.`);
    if (bytes.length % RECORD !== 0) {
      throw new UserError(
        `${name} is truncated or not a CIFAR-10 binary file: it has ${bytes.length} bytes, expected a multiple of ${RECORD}.`,
      );
    }
  }
  const length = files.reduce((sum, { bytes }) => sum + bytes.length / RECORD, 0);
  const images = new Uint8Array(length * PIXELS);
  const labels = new Int32Array(length);
  let image = 0;
  for (const { name, bytes } of files) {
    for (let start = 0; start < bytes.length; start += RECORD, image++) {
      const label = bytes[start];
      if (label >= CIFAR10_CLASSES.length) {
        throw new UserError(`${name}: record ${start / RECORD} (from 0) has label ${label}, expected 0 to 9.`);
      }
      labels[image] = label;
      images.set(bytes.subarray(start + 1, start + RECORD), image * PIXELS);
    }
  }
  return { name: 'cifar10', classes: CIFAR10_CLASSES, channels: 3, height: 32, width: 32, images, labels, length };
}
