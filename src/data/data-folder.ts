import { UserError } from '../runtime/errors.ts';
import { looksLikeCifar10, readCifar10 } from './cifar10-folder.ts';
import { looksLikeCifar100, readCifar100 } from './cifar100-folder.ts';
import { type Pictures, subset } from './dataset.ts';
import { looksLikeIdx, readIdx } from './idx-folder.ts';
import { listFolder } from './input-folder.ts';
import { knownSets, readKnown } from './known-folder.ts';
import { type OpenedData, readPictures } from './pictures-folder.ts';
import type { OnDataProgress } from './progress.ts';
import { shapes } from './shapes.ts';
import { asSquares } from './squares.ts';

export interface DataOptions {
  /** Pictures become squares of so many pixels. */
  readonly inputSize: number;
  /** 1 for grey, 3 for RGB. By default what the data set has, and RGB for folders of pictures. */
  readonly channels?: 1 | 3;
  /** Of pictures in folders without a validation folder, the share of each class that validates. */
  readonly valSplit?: number;
  /** Decides which those are. */
  readonly seed?: number;
  /** Train on the first so many only. */
  readonly limitTrain?: number;
  /** Validate on the first so many only. */
  readonly limitVal?: number;
  readonly onProgress?: OnDataProgress;
}

/** The names that `openData` knows, apart from paths. */
export const dataNames: readonly string[] = ['shapes', ...knownSets.keys()];

const EXPECTED =
  "CIFAR's binary files, MNIST's IDX files, or pictures (jpg, png, webp) in a folder for each class, in train/ and val/ or not";

/**
 * Opens a data set: 'shapes', drawn on the spot; one known by name, downloaded the first time; or a folder of files in
 * CIFAR's or MNIST's format or of pictures.
 * @throws {UserError} one sentence that names the file or folder that is wrong and what was expected
 */
export async function openData(name: string, options: DataOptions): Promise<OpenedData> {
  const { inputSize, channels, limitTrain = Infinity, limitVal = Infinity } = options;
  const { train, validation, notice } = await read(name, options);
  const prepare = (pictures: Pictures, limit: number) =>
    first(asSquares(pictures, { size: inputSize, channels: channels ?? pictures.channels }), limit);
  return { train: prepare(train, limitTrain), validation: prepare(validation, limitVal), notice };
}

async function read(name: string, options: DataOptions): Promise<OpenedData> {
  const { inputSize, channels = 3, valSplit = 0.1, seed = 0, onProgress } = options;
  if (!(valSplit > 0 && valSplit < 1)) {
    throw new UserError(`The share of pictures that validate must be above 0 and below 1, got ${valSplit}.`);
  }
  if (name === 'shapes') return shapes();
  const known = knownSets.get(name);
  if (known) return readKnown(name, known, { onProgress });

  const names = await listFolder(name, `a folder of data or one of ${dataNames.join(', ')}`);
  if (looksLikeCifar10(names)) return readCifar10(name);
  if (looksLikeCifar100(names)) return readCifar100(name);
  if (looksLikeIdx(names)) return readIdx(name);
  const pictures = await readPictures(name, { size: inputSize, channels, valSplit, seed, onProgress });
  if (pictures) return pictures;
  const found = names.length === 0 ? 'is empty' : `has ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  throw new UserError(`${name} ${found}; expected ${EXPECTED}.`);
}

function first(pictures: Pictures, n: number): Pictures {
  if (n >= pictures.length) return pictures;
  const indices = Uint32Array.from({ length: n }, (_, i) => i);
  return subset(pictures, indices);
}
