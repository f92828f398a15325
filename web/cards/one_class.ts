import { withoutLitter } from '../../src/data/litter.ts';
import type { FileEntry } from '../messages.ts';

/**
 * The files as pictures of one class, if they all lie loose, or in one folder without subfolders.
 * @returns the pictures, and the folder's name if there is one; undefined if the files are a data set
 */
export function oneClass(entries: readonly FileEntry[]): { name?: string; files: FileEntry[] } | undefined {
  const files = withoutLitter(entries).filter(({ path }) => !path.endsWith('/'));
  const [name, ...deeper] = files[0]?.path.split('/') ?? [];
  const isLoose = files.every(({ path }) => !path.includes('/') && !/\.(zip|bin)$/i.test(path));
  const isFolder =
    deeper.length === 1 && files.every(({ path }) => path.split('/').length === 2 && path.startsWith(`${name}/`));
  if (files.length === 0 || !(isLoose || isFolder) || files.some(({ path }) => /\.bin$/i.test(path))) return undefined;
  return { name: isFolder ? name : undefined, files };
}
