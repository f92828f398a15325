import { UserError } from '../runtime/errors.ts';
import { childrenOf, type Folder } from './folder_tree.ts';
import { listNames } from './list_names.ts';
import { type SplitName, splitOf } from './split_names.ts';

/** Which folders hold which split, and which are classes. */
export interface Layout {
  /** The folder in which the splits or the classes lie. */
  readonly base: Folder;
  /** The folders of each split; empty if there are none, and the classes lie in `base`. */
  readonly splits: ReadonlyMap<SplitName, readonly Folder[]>;
  /** Whether each folder of a split holds one class, that of the folder around it: CLASS/train/… */
  readonly insideClasses: boolean;
  readonly notices: readonly string[];
}

const hasFolders = (folder: Folder) => childrenOf(folder).length > 0;
const pathOf = (folder: Folder) => folder.path || 'the folder';

/**
 * Finds the splits. They may lie in a folder that wraps them, in several such folders, or inside each class. A folder
 * called train is a class if other folders lie beside it that are no splits: then this is the only reading that loses no
 * pictures.
 * @param known the classes, if they are known
 * @throws {UserError} if only some folders hold splits of their own
 */
export function findLayout(root: Folder, known?: ReadonlySet<string>): Layout {
  const children = childrenOf(root);
  if (holdsSplits(root)) return { base: root, splits: bySplit(root.folders), insideClasses: false, notices: [] };
  const wrappers = children.filter(holdsSplits);
  if (wrappers.length > 1) {
    if (wrappers.length < children.length) {
      throw new UserError(`${listNames(wrappers.map(pathOf))} hold splits of their own; expected one of them.`);
    }
    const splits = bySplit(wrappers.flatMap(({ folders }) => folders));
    return { base: root, splits, insideClasses: false, notices: [] };
  }
  if (wrappers.length === 1) return findLayout(wrappers[0], known);
  if (holdsSplitClasses(children)) {
    const splits = bySplit(children.flatMap(({ folders }) => folders));
    return { base: root, splits, insideClasses: true, notices: [] };
  }
  const [only] = children;
  if (isWrapper(root, known)) return findLayout(only, known);
  return { base: root, splits: new Map(), insideClasses: false, notices: doubts(children) };
}

/** Whether a folder holds one folder that holds the classes. Pictures may lie beside it if there are two classes or more. */
function isWrapper(folder: Folder, known?: ReadonlySet<string>): boolean {
  const [only, ...others] = childrenOf(folder);
  if (!only || others.length > 0 || known?.has(only.name)) return false;
  return childrenOf(only).length > (folder.pictures.length === 0 ? 0 : 1);
}

/** The folders of classes in a split: they may lie in a folder that wraps them all, such as train/images. */
export const classFolders = (split: Folder, known?: ReadonlySet<string>): Folder =>
  isWrapper(split, known) ? classFolders(childrenOf(split)[0], known) : split;

/** Whether a folder's children are splits: train with class folders, or val and test alone. */
function holdsSplits(folder: Folder): boolean {
  const children = childrenOf(folder);
  const others = children.filter(({ name }) => !splitOf(name));
  const { train = [], val = [], test = [] } = Object.fromEntries(bySplit(folder.folders));
  const evaluation = [...val, ...test];
  if (train.some(hasFolders)) return evaluation.length > 0 || others.length === 0;
  return train.length === 0 && others.length === 0 && evaluation.some(hasFolders);
}

/** Whether each class is divided into splits: CLASS/train/…, CLASS/val/…. */
function holdsSplitClasses(classes: readonly Folder[]): boolean {
  const isDivided = (folder: Folder) =>
    folder.pictures.length === 0 && childrenOf(folder).every(({ name }) => splitOf(name) !== undefined);
  const trains = (folder: Folder) => childrenOf(folder).some(({ name }) => splitOf(name) === 'train');
  return classes.length > 1 && classes.every(isDivided) && classes.some(trains);
}

function bySplit(folders: readonly Folder[]): Map<SplitName, Folder[]> {
  const splits = new Map<SplitName, Folder[]>();
  for (const folder of folders) {
    const split = splitOf(folder.name);
    if (split) splits.set(split, [...(splits.get(split) ?? []), folder]);
  }
  return splits;
}

/** What may be meant otherwise where folders are read as classes. */
function doubts(classes: readonly Folder[]): string[] {
  const names = listNames(classes.map(({ name }) => name));
  const split = classes.find((folder) => splitOf(folder.name) && hasFolders(folder));
  if (split && classes.length > 1) {
    return [`${split.name} is read as a class, as ${names} lie side by side; move the others if it holds the classes.`];
  }
  const inner = classes.map((folder) => childrenOf(folder).map(({ name }) => name));
  const alike = classes.length > 1 && inner[0].length > 1 && inner.every((own) => own.join('/') === inner[0].join('/'));
  if (!alike) return [];
  return [`${names} all hold ${listNames(inner[0])}; if they are splits, call them train and val.`];
}
