import { basename, resolve } from 'node:path';
import { type Arrangement, arrangeForScoring, arrangeForTraining, type LabelledFile } from './arrange.ts';
import { type Pictures, type Splits, subset } from './dataset.ts';
import type { PictureFormat } from './decode-file.ts';
import type { LeftOut } from './left_out.ts';
import { packPictures } from './packed-folder.ts';
import { makeSplits, noticesOf } from './picture_splits.ts';
import type { OnDataProgress } from './progress.ts';
import { shuffledIndices, splitRandom } from './split.ts';
import type { SplitName } from './split_names.ts';
import { walkFolder } from './walk-folder.ts';

/** How a data set was read. */
export interface Reading {
  /** Warnings for the user, one a line. */
  readonly notice?: string;
  /** The files that are not used, and why. */
  readonly leftOut?: readonly LeftOut[];
}

/** A data set, and how it was read. */
export interface OpenedData extends Splits<Pictures>, Reading {}

/** Pictures to be scored, and how they were read. */
export interface ScoredData extends Reading {
  readonly pictures: Pictures;
  /** The split that they are; undefined for a folder without splits. */
  readonly split?: SplitName;
}

/** How the pictures of a folder are decoded and split. */
export interface PicturesOptions extends PictureFormat {
  /**
   * Fraction of each class that validates if there is no validation folder; above 0 and below 1. Without it a tenth does,
   * and a validation folder without classes is an error.
   */
  readonly valSplit?: number;
  /** Seed of that split and of the order of the pictures. */
  readonly seed: number;
  readonly onProgress?: OnDataProgress;
}

/**
 * Reads a folder of pictures, as {@link arrangeForTraining} arranges them. The pictures are shuffled, so that the first N
 * are a random sample. The pixels stay on disk (see {@link packPictures}).
 * @returns undefined if no folder in `path` has pictures
 * @throws {UserError} naming the invalid folder or file
 */
export async function readPictures(path: string, options: PicturesOptions): Promise<OpenedData | undefined> {
  const arranged = await arrangeForTraining(path, await walkFolder(path), options.valSplit !== undefined);
  if (!arranged) return undefined;
  const { classes } = arranged;
  const train = await pack(path, 'train', classes, arranged.train, options);
  const validation = arranged.validation && (await pack(path, 'val', classes, arranged.validation, options));
  const splits = makeSplits(path, train.pictures, validation?.pictures, options);
  return { ...splits, ...report(arranged, [...train.skipped, ...(validation?.skipped ?? [])], splits) };
}

/**
 * Reads the pictures of a folder that a net is scored on (see {@link arrangeForScoring}), shuffled.
 * @param classes the net's classes
 * @returns undefined if no folder in `path` has pictures
 * @throws {UserError} naming the invalid folder or file
 */
export async function readScoredPictures(
  path: string,
  options: PictureFormat & {
    readonly classes: readonly string[];
    readonly split?: SplitName;
    readonly seed?: number;
    readonly onProgress?: OnDataProgress;
  },
): Promise<ScoredData | undefined> {
  const { classes, split, seed = 0 } = options;
  const arranged = await arrangeForScoring(path, await walkFolder(path), classes, split);
  if (!arranged) return undefined;
  const { pictures, skipped } = await pack(path, split ?? 'scored', classes, arranged.pictures, options);
  const shuffled = subset(pictures, shuffledIndices(pictures, splitRandom(seed)));
  return { pictures: shuffled, split: arranged.split, ...report(arranged, skipped) };
}

function pack(
  path: string,
  part: string,
  classes: readonly string[],
  pictures: readonly LabelledFile[],
  { size, channels, onProgress }: PictureFormat & { readonly onProgress?: OnDataProgress },
) {
  const files = pictures.map(({ file, label }) => ({ path: file.path, label }));
  return packPictures(basename(resolve(path)), { path, part, classes, files }, { size, channels }, onProgress);
}

function report(
  arranged: Pick<Arrangement, 'leftOut' | 'total' | 'notices'>,
  skipped: readonly LeftOut[],
  splits?: Splits<Pictures>,
): Reading {
  const leftOut = [...arranged.leftOut, ...skipped];
  return { leftOut, notice: noticesOf({ ...arranged, leftOut }, splits).join('\n') || undefined };
}
