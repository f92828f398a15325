import { type Splits, UserError } from '../../src/index.ts';
import type { FileEntry, FileSource } from '../messages.ts';
import { isCifar10, openCifar10 } from './cifar10.ts';
import { openPictures } from './pictures.ts';
import { isZip, unpack } from './zip.ts';

/** A file that is no picture. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

/** Hears how far reading is. */
export type OnReading = (task: string, done: number, total: number) => void;

/**
 * Reads CIFAR-10's binary files, pictures in a folder for each class, or a zip archive of either.
 * @throws UserError naming the file that is wrong, or what was expected
 */
export async function openFiles(
  { name, files: given, valSplit }: FileSource,
  onReading: OnReading,
): Promise<{ splits: Splits; skipped: readonly Skipped[] }> {
  const files: FileEntry[] = [];
  for (const entry of given) files.push(...(isZip(entry) ? await unpack(entry) : [entry]));
  const visible = files.filter(({ path }) => !/(^|\/)(\.|__MACOSX\/)/.test(path));
  if (visible.length === 0)
    throw new UserError('There are no files in it; expected pictures in a folder for each class.');
  if (visible.some(isCifar10)) return { splits: await openCifar10(visible.filter(isCifar10), valSplit), skipped: [] };
  return openPictures(visible, { name, valSplit }, onReading);
}
