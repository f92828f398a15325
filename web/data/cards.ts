import { makeSplits, noticesOf } from '../../src/data/picture_splits.ts';
import type { CardSource } from '../messages.ts';
import { decodeAll } from './decode_all.ts';
import type { OnReading, OpenedFiles } from './files.ts';
import { chosenFile } from './source.ts';
import { copy } from './split.ts';

const NAME = 'own pictures';

/**
 * Reads the pictures of the page's cards; splits them as yy-train does, with its default seed.
 * @throws {UserError} if no class has a picture to validate
 */
export async function openCards({ classes, valSplit }: CardSource, onReading: OnReading): Promise<OpenedFiles> {
  const files = classes.flatMap(({ name, pictures }, label) =>
    pictures.map((file, i) => ({ file: chosenFile({ path: `${name}/${i + 1}.png`, file }), label })),
  );
  const names = classes.map(({ name }) => name);
  let done = 0;
  const { pictures, failed: leftOut } = await decodeAll(NAME, names, files, () =>
    onReading('Reading pictures', ++done, files.length),
  );
  const splits = makeSplits(NAME, pictures, undefined, { valSplit, seed: 0 });
  return {
    splits: { train: copy(splits.train), validation: copy(splits.validation) },
    leftOut,
    notices: noticesOf({ leftOut, total: files.length, notices: [] }, splits),
  };
}
