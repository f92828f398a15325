import { arrangeForTraining, type LabelledFile } from '../../src/data/arrange.ts';
import { makeSplits, noticesOf } from '../../src/data/picture_splits.ts';
import { UserError } from '../../src/index.ts';
import type { FileSource } from '../messages.ts';
import { decodeAll } from './decode_all.ts';
import type { OnReading, OpenedFiles } from './files.ts';
import type { PageFile } from './source.ts';
import { copy } from './split.ts';

/**
 * Reads pictures as yy-train does, with its default seed: CLASS/…, or train/CLASS/… and val/CLASS/….
 * @throws {UserError} if there are fewer than two classes, too few pictures, or most files cannot be decoded
 */
export async function openPictures(
  files: readonly PageFile[],
  { name, valSplit }: Pick<FileSource, 'name' | 'valSplit'>,
  onReading: OnReading,
): Promise<OpenedFiles> {
  const arranged = await arrangeForTraining(name, files, true);
  if (!arranged) {
    throw new UserError(`${name} has no folders of pictures; expected one folder per class, or CIFAR-10 files (.bin).`);
  }
  const { classes, train, validation = [] } = arranged;
  let done = 0;
  const total = train.length + validation.length;
  const decode = (pictures: readonly LabelledFile[]) =>
    decodeAll(name, classes, pictures, () => onReading('Reading pictures', ++done, total));
  const trained = await decode(train);
  const validated = arranged.validation && (await decode(validation));
  const splits = makeSplits(name, trained.pictures, validated?.pictures, { valSplit, seed: 0 });
  const leftOut = [...arranged.leftOut, ...trained.failed, ...(validated?.failed ?? [])];
  return {
    splits: { train: copy(splits.train), validation: copy(splits.validation) },
    leftOut,
    notices: noticesOf({ ...arranged, leftOut }, splits),
  };
}
