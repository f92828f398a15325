import { UserError } from '../runtime/errors.ts';
import { looksLikeCifar10, readCifar10 } from './cifar10-folder.ts';
import { looksLikeCifar100, readCifar100 } from './cifar100-folder.ts';
import { type Pictures, subset } from './dataset.ts';
import { downloadableSets, readDownloadable } from './downloadable-folder.ts';
import { findIdx, readIdx } from './idx-folder.ts';
import { listFolder } from './input-folder.ts';
import { type OpenedData, readPictures, readScoredPictures, type ScoredData } from './pictures-folder.ts';
import type { OnDataProgress } from './progress.ts';
import { shapes } from './shapes.ts';
import type { SplitName } from './split_names.ts';
import { asSquares } from './squares.ts';

/** The size, the split and the limits of a data set that `openData` opens. */
export interface DataOptions {
  /** Height and width of the pictures after resizing, in pixels. */
  readonly inputSize: number;
  /** 1 (grey) or 3 (RGB). Default: that of the data set, or RGB for folders of pictures. */
  readonly channels?: 1 | 3;
  /**
   * Fraction of each class that validates, for folders of pictures without a validation folder, or with one that does not
   * give the classes. Default 0.1; then the latter is an error.
   */
  readonly valSplit?: number;
  /** Seed of that split and of the order of pictures in folders. Default 0. */
  readonly seed?: number;
  /** Maximum number of training pictures; the first ones are used. */
  readonly limitTrain?: number;
  /** Maximum number of validation pictures; the first ones are used. */
  readonly limitVal?: number;
  readonly onProgress?: OnDataProgress;
}

/** The data set names that `openData` accepts besides paths. */
export const dataNames: readonly string[] = ['shapes', ...downloadableSets.keys()];

const EXPECTED =
  "CIFAR's binary files, MNIST's IDX files, or pictures (JPEG, PNG, WebP, GIF, AVIF) in one folder per class, optionally inside train/ and val/";

/**
 * Opens a data set.
 * @param name 'shapes' (generated), one of {@link dataNames} (downloaded at first use), or the path of a folder of files
 *   in CIFAR's or MNIST's format or of pictures
 * @throws {UserError} naming the missing or invalid file or folder, and what was expected
 */
export async function openData(name: string, options: DataOptions): Promise<OpenedData> {
  const { limitTrain, limitVal } = options;
  const { train, validation, ...reading } = await read(name, options);
  return { ...reading, train: prepare(train, options, limitTrain), validation: prepare(validation, options, limitVal) };
}

/** What `openScored` scores a net on. */
export interface ScoreOptions extends Omit<DataOptions, 'valSplit' | 'limitTrain'> {
  /** The net's classes. */
  readonly classes: readonly string[];
  /** Default: the validation pictures, else the test pictures, else all pictures. */
  readonly split?: SplitName;
}

/**
 * Opens the pictures that a net is scored on. A folder without splits is scored as a whole.
 * @param name as in {@link openData}
 * @throws {UserError} naming the missing or invalid file or folder, and what was expected
 */
export async function openScored(name: string, options: ScoreOptions): Promise<ScoredData> {
  const { split, inputSize, channels = 3, limitVal } = options;
  if (await isPictureFolder(name)) {
    const scored = await readScoredPictures(name, { ...options, size: inputSize, channels });
    if (!scored) throw await noPictures(name);
    return { ...scored, pictures: prepare(scored.pictures, options, limitVal) };
  }
  // The validation pictures of the known sets are their test pictures.
  const { train, validation } = await read(name, options);
  const isTrain = split === 'train';
  return { split: isTrain ? 'train' : 'val', pictures: prepare(isTrain ? train : validation, options, limitVal) };
}

const prepare = (pictures: Pictures, { inputSize, channels }: DataOptions, limit = Infinity) =>
  first(asSquares(pictures, { size: inputSize, channels: channels ?? pictures.channels }), limit);

const looksLike = [looksLikeCifar10, looksLikeCifar100];

const namesIn = (folder: string) => listFolder(folder, `a folder of data or one of ${dataNames.join(', ')}`);

/** Whether `openData` reads a folder of pictures, rather than a data set of a known name or format. */
async function isPictureFolder(name: string): Promise<boolean> {
  if (dataNames.includes(name)) return false;
  const names = await namesIn(name);
  return !looksLike.some((matches) => matches(names)) && !(await findIdx(name, names));
}

async function read(name: string, options: DataOptions): Promise<OpenedData> {
  const { inputSize, channels = 3, valSplit, seed = 0, onProgress } = options;
  if (valSplit !== undefined && !(valSplit > 0 && valSplit < 1)) {
    throw new UserError(`The validation split must be above 0 and below 1, got ${valSplit}.`);
  }
  if (name === 'shapes') return shapes();
  const downloadable = downloadableSets.get(name);
  if (downloadable) return readDownloadable(name, downloadable, { onProgress });

  const names = await namesIn(name);
  if (looksLikeCifar10(names)) return readCifar10(name);
  if (looksLikeCifar100(names)) return readCifar100(name);
  const idx = await findIdx(name, names);
  if (idx) return readIdx(idx);
  const pictures = await readPictures(name, { size: inputSize, channels, valSplit, seed, onProgress });
  if (!pictures) throw await noPictures(name);
  return pictures;
}

async function noPictures(folder: string): Promise<UserError> {
  const names = await namesIn(folder);
  const found = names.length === 0 ? 'is empty' : `has ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  return new UserError(`${folder} ${found}; expected ${EXPECTED}.`);
}

function first(pictures: Pictures, n: number): Pictures {
  if (n >= pictures.length) return pictures;
  const indices = Uint32Array.from({ length: n }, (_, i) => i);
  return subset(pictures, indices);
}
