import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UserError } from '../runtime/errors.ts';
import type { Splits } from './dataset.ts';
import { type IdxArray, idxDataset, parseIdx } from './idx.ts';
import { listFolder, readInput } from './input-folder.ts';
import type { NamedBytes } from './named_bytes.ts';

/** train-images-idx3-ubyte.gz as in the original, or train-images.idx3-ubyte as some mirrors have it. */
const FILE = /^(train|t10k)-(images|labels)[-.]idx[13]-ubyte(\.gz)?$/;

/** Whether a folder of these names is meant to be a data set in MNIST's format, whole or not. */
export const looksLikeIdx = (names: readonly string[]) => names.some((name) => FILE.test(name));

/**
 * Reads grey pictures from a folder of MNIST's four IDX files, with .gz or without.
 * @param about the data set's name (by default the folder's) and its classes (by default numbers)
 * @throws {UserError} naming the folder or file that is missing or broken
 */
export async function readIdx(
  folder: string,
  about: { name?: string; classes?: readonly string[] } = {},
): Promise<Splits> {
  const names = await listFolder(folder, "the folder of MNIST's IDX files");
  const read = async (split: 'train' | 't10k', kind: 'images' | 'labels') => {
    const file = names.find((name) => name.startsWith(`${split}-${kind}`) && FILE.test(name));
    if (!file) throw new UserError(`${join(folder, `${split}-${kind}-idx*-ubyte`)} is missing, with .gz or without.`);
    return parseIdx(await unzipped(await readInput(folder, file)), kind === 'images' ? 3 : 1);
  };
  const [images, labels, testImages, testLabels] = await Promise.all([
    read('train', 'images'),
    read('train', 'labels'),
    read('t10k', 'images'),
    read('t10k', 'labels'),
  ]);
  const { name = basename(resolve(folder)), classes = numbers(labels, testLabels) } = about;
  return {
    train: idxDataset(images, labels, name, classes),
    validation: idxDataset(testImages, testLabels, name, classes),
  };
}

async function unzipped({ name, bytes }: NamedBytes): Promise<NamedBytes> {
  if (!name.endsWith('.gz')) return { name, bytes };
  try {
    return { name, bytes: await promisify(gunzip)(bytes) };
  } catch (error) {
    throw new UserError(`${name} cannot be unzipped: ${(error as Error).message}; expected a gzip file.`);
  }
}

/** 0, 1, … up to the largest label. */
function numbers(...labels: readonly IdxArray[]): string[] {
  const largest = labels.reduce((most, { data }) => data.reduce((a, b) => Math.max(a, b), most), 0);
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}
