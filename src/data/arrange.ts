import { UserError } from '../runtime/errors.ts';
import { allPictures, folderTree } from './folder_tree.ts';
import { findLayout } from './layout.ts';
import type { LeftOut } from './left_out.ts';
import { listNames } from './list_names.ts';
import { type KnownClasses, type Part, readPart } from './part.ts';
import { type SortedFiles, sortFiles } from './sort_files.ts';
import type { SourceFile } from './source_file.ts';
import { type SplitName, splitOf } from './split_names.ts';

/** A picture and its class. */
export interface LabelledFile {
  readonly file: SourceFile;
  readonly label: number;
}

/** How the files of a folder are to be read. */
export interface Arrangement {
  readonly classes: readonly string[];
  /** Sorted by label, then by path. */
  readonly train: readonly LabelledFile[];
  /** Undefined if a fraction of `train` is to validate. */
  readonly validation?: readonly LabelledFile[];
  /** Files that are not used. */
  readonly leftOut: readonly LeftOut[];
  /** The number of all files. */
  readonly total: number;
  /** What else the user should know, a sentence each. */
  readonly notices: readonly string[];
}

/**
 * Decides which pictures train and which validate: those in train/CLASS and val/CLASS, or all of CLASS/…
 * @param root the folder's path, for messages
 * @param fallBack whether a fraction of the training pictures validates where val has no classes; if not, that is an error
 * @returns undefined if no folder has pictures
 * @throws {UserError} naming the wrong folder
 */
export async function arrangeForTraining(
  root: string,
  files: readonly SourceFile[],
  fallBack: boolean,
): Promise<Arrangement | undefined> {
  const sorted = await sortFiles(files);
  const { labelFiles } = sorted;
  const layout = findLayout(folderTree(sorted.pictures, sorted.others));
  const { splits } = layout;
  const notices = [...layout.notices];
  if (splits.size > 0 && !splits.has('train')) {
    throw new UserError(`${root} has ${listNames([...splits.keys()])}, but no train folder to train on.`);
  }
  const train = (await readPart(layout, splits.size > 0 ? 'train' : undefined, { root, labelFiles }))!;
  const classes = [...train.classes.keys()].sort();
  if (classes.length === 0) return undefined;
  requireClasses(root, classes, train);
  if (train.empty.length > 0) notices.push(`Folders without pictures: ${listNames(train.empty)}.`);

  const known = { names: classes, of: 'the training pictures' };
  const validates = (['val', 'test'] as const).find((split) => splits.has(split));
  const validation = validates && (await readPart(layout, validates, { root, labelFiles, known }));
  const hasValidation = validation !== undefined && validation.classes.size > 0;
  if (validation && !hasValidation) {
    const { paths, pictures } = validation;
    const found =
      pictures.length === 0 ? 'has no pictures' : `has ${pictures.length} pictures, but no folder per class`;
    // Test pictures without classes are usual; validation pictures without classes are a mistake.
    if (validates === 'val' && !fallBack) {
      throw new UserError(
        `${root}/${paths[0]} ${found}; add labels.csv (lines of file,class) to it, or use --val-split 0.1 to validate on a tenth of the training pictures.`,
      );
    }
    notices.push(`${paths[0]} ${found} and no labels.csv: a fraction of the training pictures validates instead.`);
  }
  if (validation?.missing.length) {
    notices.push(`${validation.missing.length} labels have no picture: ${listNames(validation.missing)}.`);
  }
  const unused = new Set(validates === 'val' ? splits.get('test')?.flatMap(allPictures) : []);
  if (unused.size > 0) {
    notices.push(`${unused.size} pictures of test are not used for training; yy-eval --split test scores them.`);
  }
  const used = [
    train,
    ...(validation ? [{ ...validation, rest: hasValidation ? validation.rest : 'unlabelled' } as const] : []),
  ];
  return {
    classes,
    train: labelled(train, classes),
    validation: hasValidation ? labelled(validation, classes) : undefined,
    leftOut: [...sorted.leftOut, ...leftOver(sorted, used, (file) => unused.has(file))],
    total: sorted.total,
    notices,
  };
}

/** What is to be scored. */
export interface Scored extends Omit<Arrangement, 'train' | 'validation'> {
  readonly pictures: readonly LabelledFile[];
  /** The split that they are; undefined for a folder without splits. */
  readonly split?: SplitName;
}

/**
 * Decides which pictures are scored: those of a split; without `split`, those of val, else of test, else all.
 * @param classes the net's classes
 * @returns undefined if there are no pictures with a class
 * @throws {UserError} naming the wrong folder
 */
export async function arrangeForScoring(
  root: string,
  files: readonly SourceFile[],
  classes: readonly string[],
  split?: SplitName,
): Promise<Scored | undefined> {
  const sorted = await sortFiles(files);
  const known: KnownClasses = { names: classes, of: 'the net' };
  const names = new Set(classes.map((name) => name.normalize('NFC')));
  const layout = findLayout(folderTree(sorted.pictures, sorted.others), names);
  if (split && !layout.splits.has(split)) throw new UserError(`${root} has no ${split} folder of pictures.`);
  const chosen = split ?? (['val', 'test', 'train'] as const).find((name) => layout.splits.has(name));
  const part = (await readPart(layout, chosen, { root, labelFiles: sorted.labelFiles, known }))!;
  if (part.classes.size === 0) return undefined;
  const inPart = new Set(part.pictures);
  return {
    classes,
    pictures: labelled(part, classes),
    split: chosen,
    leftOut: [...sorted.leftOut, ...leftOver(sorted, [part], (file) => chosen !== undefined && !inPart.has(file))],
    total: sorted.total,
    notices: layout.notices,
  };
}

function requireClasses(root: string, classes: readonly string[], { paths }: Part): void {
  const path = [root, ...(paths[0] ? [paths[0]] : [])].join('/');
  if (classes.every((name) => splitOf(name))) {
    throw new UserError(
      `${path} has ${listNames(classes)}, but no pictures in train/CLASS; expected one folder per class, optionally inside train/ and val/.`,
    );
  }
  if (classes.length === 1) {
    throw new UserError(`${path} has pictures of one class only, '${classes[0]}'; expected one folder per class.`);
  }
}

function labelled({ classes: pictures }: Part, classes: readonly string[]): LabelledFile[] {
  return classes.flatMap((name, label) => (pictures.get(name.normalize('NFC')) ?? []).map((file) => ({ file, label })));
}

/** The pictures that have no class in any part. */
function leftOver(
  { pictures }: SortedFiles,
  parts: readonly Part[],
  isExpected: (file: SourceFile) => boolean,
): LeftOut[] {
  const used = new Set(parts.flatMap(({ classes }) => [...classes.values()].flat()));
  const rest = new Map(parts.flatMap((part) => part.pictures.map((file) => [file, part.rest] as const)));
  return pictures
    .filter((file) => !used.has(file) && !isExpected(file))
    .map((file) => ({ path: file.path, kind: rest.get(file) ?? 'loose' }));
}
