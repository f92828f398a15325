import { UserError } from '../runtime/errors.ts';
import { allPictures, childrenOf, type Folder } from './folder_tree.ts';
import { type Labels, readLabels } from './label_file.ts';
import { classFolders, type Layout } from './layout.ts';
import { listNames } from './list_names.ts';
import { folderOf, nameOf, type SourceFile } from './source_file.ts';
import type { SplitName } from './split_names.ts';

/** The pictures of one split, or of a folder without splits. */
export interface Part {
  /** Paths of its folders, for messages. */
  readonly paths: readonly string[];
  /** The pictures of each class, sorted by path. */
  readonly classes: ReadonlyMap<string, readonly SourceFile[]>;
  /** Class folders without pictures. */
  readonly empty: readonly string[];
  /** All pictures in its folders, with a class or without. */
  readonly pictures: readonly SourceFile[];
  /** What its pictures without a class are. */
  readonly rest: 'loose' | 'unlabelled';
  /** Names in a label file that no picture has. */
  readonly missing: readonly string[];
}

/** What the classes are, and who says so: 'the training pictures' or 'the net'. */
export interface KnownClasses {
  readonly names: readonly string[];
  readonly of: string;
}

interface PartOptions {
  /** Path of the data's folder, for messages. */
  readonly root: string;
  readonly labelFiles: readonly SourceFile[];
  /** The allowed classes; all others are refused. */
  readonly known?: KnownClasses;
}

/**
 * Reads the classes of a split; without `split`, of a folder without splits. They are its folders, or stand in a label file
 * inside it or in a folder around it.
 * @returns undefined if there is no such split
 * @throws {UserError} naming a class that is not known
 */
export async function readPart(
  { base, splits, insideClasses }: Layout,
  split: SplitName | undefined,
  { root, labelFiles, known }: PartOptions,
): Promise<Part | undefined> {
  const names = known && new Set(known.names.map((name) => name.normalize('NFC')));
  const folders = split ? splits.get(split) : [base];
  const classes = new Map<string, SourceFile[]>();
  const add = (name: string, pictures: readonly SourceFile[], path: string) => {
    if (names && !names.has(name)) throw unknownClass(`${root}/${path}`, name, known!);
    classes.set(
      name,
      [...(classes.get(name) ?? []), ...pictures].sort((a, b) => (a.path < b.path ? -1 : 1)),
    );
  };
  if (!folders) return undefined;
  const pictures = folders.flatMap(allPictures);
  const paths = folders.map(({ path }) => path);
  if (insideClasses) {
    for (const folder of folders) {
      if (folder.total > 0) add(nameOf(folderOf(folder.path)).normalize('NFC'), allPictures(folder), folder.path);
    }
    return { paths, classes, empty: [], pictures, rest: 'loose', missing: [] };
  }
  const empty: string[] = [];
  const missing: string[] = [];
  let rest: Part['rest'] = 'loose';
  for (const folder of folders) {
    const holder = classFolders(folder, names);
    const children = childrenOf(holder);
    const labels = children.some(({ name }) => !names || names.has(name))
      ? undefined
      : await labelsOf(folder, labelFiles);
    if (labels) {
      for (const [picture, name] of labels.classes) add(name, [picture], labels.path);
      missing.push(...labels.missing);
      rest = 'unlabelled';
      continue;
    }
    for (const child of children) add(child.name, allPictures(child), child.path);
    empty.push(...holder.folders.filter(({ total }) => total === 0).map(({ path }) => path));
  }
  return { paths, classes, empty, pictures, rest, missing };
}

/** Finds the label file of a folder's pictures: inside the folder, or in one around it. */
async function labelsOf(folder: Folder, files: readonly SourceFile[]): Promise<Labels | undefined> {
  const pictures = allPictures(folder);
  const inside = files.filter(({ path }) => folder.path === '' || path.startsWith(`${folder.path}/`));
  for (const file of inside) {
    const labels = await readLabels(file, pictures);
    if (labels.classes.size > 0) return labels;
  }
  // A file in a folder around it may name the pictures of several splits.
  const around = files.filter(({ path }) => folderOf(path) === '' || folder.path.startsWith(`${folderOf(path)}/`));
  for (const file of around) {
    const labels = await readLabels(file, pictures);
    if (labels.classes.size > 0) return { ...labels, missing: [] };
  }
  return undefined;
}

function unknownClass(path: string, name: string, { names, of }: KnownClasses): UserError {
  const alike = names.find((known) => known.trim().toLowerCase() === name.trim().toLowerCase());
  const hint = alike === undefined ? `expected one of ${listNames(names)}` : `did you mean '${alike}'?`;
  const where = path.endsWith(`/${name}`) ? path : `'${name}' in ${path}`;
  return new UserError(`${where} is not a class of ${of}; ${hint}${alike === undefined ? '.' : ''}`);
}
