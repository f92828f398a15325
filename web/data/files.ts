import type { LeftOut } from '../../src/data/left_out.ts';
import { withoutLitter } from '../../src/data/litter.ts';
import { HEAD_BYTES, kindOf } from '../../src/data/picture_kind.ts';
import { type Splits, UserError } from '../../src/index.ts';
import type { FileEntry, FileSource } from '../messages.ts';
import { isCifar10, openCifar10 } from './cifar10.ts';
import { openPictures } from './pictures.ts';
import { chosenFile, type PageFile } from './source.ts';
import { openZip } from './zip.ts';

/** Receives the progress of reading. */
export type OnReading = (task: string, done: number, total: number) => void;

/** A data set of the user's files, and what to tell about it. */
export interface OpenedFiles {
  readonly splits: Splits;
  /** The files that are not used. */
  readonly leftOut: readonly LeftOut[];
  /** What the user should know, a sentence each. */
  readonly notices: readonly string[];
}

/**
 * Reads CIFAR-10's binary files, pictures in one folder per class, or a zip archive of either.
 * @throws {UserError} naming the invalid file, or what was expected
 */
export async function openFiles({ name, files, valSplit }: FileSource, onReading: OnReading): Promise<OpenedFiles> {
  const sources = withoutLitter(await sourceFiles(files));
  if (sources.length === 0) throw new UserError('There are no files; expected pictures in one folder per class.');
  if (sources.some(isCifar10)) {
    return { splits: await openCifar10(sources.filter(isCifar10), valSplit), leftOut: [], notices: [] };
  }
  return openPictures(sources, { name, valSplit }, onReading);
}

/**
 * Returns the files of one folder: the chosen files, without the folder that holds them all, or what is in the zip archives
 * among them.
 */
export async function sourceFiles(entries: readonly FileEntry[]): Promise<PageFile[]> {
  const zips: FileEntry[] = [];
  const files: FileEntry[] = [];
  for (const entry of entries) (await isZip(entry)) ? zips.push(entry) : files.push(entry);
  if (zips.length === 0) return withoutTop(files).map(chosenFile);
  const found = files.map(chosenFile);
  for (const zip of zips) {
    // Several archives may be called train.zip and val.zip.
    const folder = zips.length > 1 ? zip.path.replace(/\.zip$/i, '/') : '';
    for (const file of await openZip(zip)) found.push({ ...file, path: folder + file.path });
  }
  return found;
}

/** Whether a file that does not lie in a chosen folder is a zip archive. */
async function isZip(entry: FileEntry): Promise<boolean> {
  if (entry.path.includes('/') || entry.problem !== undefined) return false;
  if (/\.zip$/i.test(entry.path)) return true;
  return kindOf(await chosenFile(entry).head(HEAD_BYTES)) === 'zip';
}

/** Takes off the folder that was chosen or dropped: it has the data set's name. */
function withoutTop(entries: readonly FileEntry[]): FileEntry[] {
  const [top] = entries[0]?.path.split('/') ?? [];
  if (!entries.every(({ path }) => path.startsWith(`${top}/`))) return [...entries];
  return entries.map((entry) => ({ ...entry, path: entry.path.slice(top.length + 1) }));
}
