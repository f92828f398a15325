import { folderOf, nameOf, type SourceFile } from './source_file.ts';

/** A folder of pictures, at any depth. */
export interface Folder {
  /** '' for the data's folder. */
  readonly path: string;
  /** In Unicode NFC: systems write the same name in different ways. */
  readonly name: string;
  /** Sorted by name. */
  readonly folders: readonly Folder[];
  /** The pictures that lie in the folder itself, sorted by path. */
  readonly pictures: readonly SourceFile[];
  /** The pictures in the folder and all folders below. */
  readonly total: number;
}

type Growing = { -readonly [K in keyof Folder]: Folder[K] } & { folders: Growing[]; pictures: SourceFile[] };

const byPath = (a: SourceFile, b: SourceFile) => (a.path < b.path ? -1 : 1);
const byName = (a: Folder, b: Folder) => (a.name < b.name || (a.name === b.name && a.path < b.path) ? -1 : 1);

/**
 * Makes the tree of folders.
 * @param pictures the files that count
 * @param others further files; only their folders appear
 */
export function folderTree(pictures: readonly SourceFile[], others: readonly SourceFile[]): Folder {
  const folders = new Map<string, Growing>();
  const find = (path: string): Growing => {
    const known = folders.get(path);
    if (known) return known;
    const folder: Growing = { path, name: nameOf(path).normalize('NFC'), folders: [], pictures: [], total: 0 };
    folders.set(path, folder);
    if (path !== '') find(folderOf(path)).folders.push(folder);
    return folder;
  };
  const root = find('');
  for (const picture of pictures) find(folderOf(picture.path)).pictures.push(picture);
  for (const { path } of others) find(folderOf(path));
  finish(root);
  return root;
}

function finish(folder: Growing): void {
  for (const child of folder.folders as Growing[]) finish(child);
  folder.folders.sort(byName);
  folder.pictures.sort(byPath);
  folder.total = folder.folders.reduce((sum, { total }) => sum + total, folder.pictures.length);
}

/** The folders directly in a folder that have pictures. */
export const childrenOf = ({ folders }: Folder) => folders.filter(({ total }) => total > 0);

/** All pictures in a folder and below, sorted by path. */
export const allPictures = (folder: Folder): SourceFile[] =>
  [...folder.pictures, ...folder.folders.flatMap(allPictures)].sort(byPath);
