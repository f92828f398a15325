import { UserError } from '../runtime/errors.ts';
import { type Dataset, inMemory } from './dataset.ts';
import type { NamedBytes } from './named_bytes.ts';

const PIXELS = 3 * 32 * 32;

/** CIFAR-10's class names, indexed by label. */
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
 * Parses CIFAR-10's binary files (data_batch_N.bin, test_batch.bin) into one data set. Files may have any number of
 * records.
 * @throws {UserError} if a file is empty, ends within a record or has a label above 9
 */
export function parseCifar10(files: readonly NamedBytes[]): Dataset {
  return parse(files, { title: 'CIFAR-10', name: 'cifar10', classes: CIFAR10_CLASSES, labelBytes: 1 });
}

/**
 * Parses CIFAR-100's binary files (train.bin, test.bin) into one data set with the fine labels. Files may have any number
 * of records.
 * @param classes names of the fine labels
 * @throws {UserError} if a file is empty, ends within a record or has a label without a name
 */
export function parseCifar100(files: readonly NamedBytes[], classes: readonly string[]): Dataset {
  // A coarse label, then the fine label.
  return parse(files, { title: 'CIFAR-100', name: 'cifar100', classes, labelBytes: 2 });
}

interface Format {
  readonly title: string;
  readonly name: string;
  readonly classes: readonly string[];
  /** Number of label bytes at the start of a record; the last one is used. A red, a green and a blue plane follow. */
  readonly labelBytes: number;
}

function parse(files: readonly NamedBytes[], { title, name, classes, labelBytes }: Format): Dataset {
  const record = labelBytes + PIXELS;
  for (const { name, bytes } of files) {
    if (bytes.length === 0) throw new UserError(`${name} is empty; expected ${title} records of ${record} bytes each.`);
    if (bytes.length % record !== 0) {
      throw new UserError(
        `${name} is truncated or not a ${title} binary file: it has ${bytes.length} bytes, expected a multiple of ${record}.`,
      );
    }
  }
  const length = files.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  const images = new Uint8Array(length * PIXELS);
  const labels = new Int32Array(length);
  let image = 0;
  for (const { name, bytes } of files) {
    for (let start = 0; start < bytes.length; start += record, image++) {
      const label = bytes[start + labelBytes - 1];
      if (label >= classes.length) {
        throw new UserError(
          `${name}: record ${start / record} (from 0) has label ${label}, expected 0 to ${classes.length - 1}.`,
        );
      }
      labels[image] = label;
      images.set(bytes.subarray(start + labelBytes, start + record), image * PIXELS);
    }
  }
  return inMemory({ name, classes, channels: 3, height: 32, width: 32, images, labels });
}
