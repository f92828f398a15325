import { UserError } from '../runtime/errors.ts';
import type { Arrangement } from './arrange.ts';
import { type Pictures, type Splits, subset } from './dataset.ts';
import { summarizeLeftOut } from './left_out.ts';
import { listNames } from './list_names.ts';
import { shuffledIndices, splitByClass, splitRandom } from './split.ts';

/** Fraction of each class that validates if none is given. */
const DEFAULT_SHARE = 0.1;

/**
 * Shuffles decoded pictures, and splits them if no folder validates.
 * @param root the folder's path, for messages
 * @param train the pictures of the training folders
 * @param validation those of the validation folders, if there are any
 * @throws {UserError} if no picture is left to train or to validate
 */
export function makeSplits(
  root: string,
  train: Pictures,
  validation: Pictures | undefined,
  { valSplit = DEFAULT_SHARE, seed }: { readonly valSplit?: number; readonly seed: number },
): Splits<Pictures> {
  const random = splitRandom(seed);
  if (train.length === 0) throw new UserError(`${root} has no training pictures that can be read.`);
  if (!validation) {
    const indices = splitByClass(train, valSplit, random);
    if (indices.validation.length === 0) {
      throw new UserError(
        `${root} has one picture of each class; expected at least two per class, to train and to validate.`,
      );
    }
    return { train: subset(train, indices.train), validation: subset(train, indices.validation) };
  }
  if (validation.length === 0) throw new UserError(`${root} has no validation pictures that can be read.`);
  return {
    train: subset(train, shuffledIndices(train, random)),
    validation: subset(validation, shuffledIndices(validation, random)),
  };
}

/**
 * What the user should know about a data set, a sentence each.
 * @param arranged how it was read; `leftOut` includes the files that could not be decoded
 */
export function noticesOf(
  { leftOut, total, notices }: Pick<Arrangement, 'leftOut' | 'total' | 'notices'>,
  splits?: Splits<Pictures>,
): string[] {
  const line = (subject: string, names: readonly string[]) =>
    names.length > 0 ? [`${subject}: ${listNames(names)}.`] : [];
  const summary = summarizeLeftOut(leftOut, total);
  return [
    ...(summary ? [summary] : []),
    ...notices,
    ...(splits ? line('Classes without training pictures', classesWithout(splits.train)) : []),
    ...(splits ? line('Classes without validation pictures', classesWithout(splits.validation)) : []),
  ];
}

function classesWithout({ classes, labels }: Pictures): string[] {
  const present = new Set(labels);
  return classes.filter((_, label) => !present.has(label));
}
