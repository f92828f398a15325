import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { type Pictures, type Splits, subset } from './dataset.ts';
import { type PictureFolder, type PictureFormat, packPictures, type Skipped } from './packed-folder.ts';
import type { OnDataProgress } from './progress.ts';
import type { Random } from './random.ts';
import { some } from './some.ts';
import { isOneOf, shuffledIndices, splitByClass, splitRandom, TRAIN, VALIDATION } from './split.ts';

const PICTURE = /\.(jpe?g|png|webp)$/i;
const KINDS = 'jpg, png, webp';

/** A data set, and what somebody should know about how it was read, in lines. */
export interface OpenedData extends Splits<Pictures> {
  readonly notice?: string;
}

interface Scanned extends PictureFolder {
  /** Paths of folders without pictures. */
  readonly empty: readonly string[];
}

export interface PicturesOptions extends PictureFormat {
  /** The share of each class that validates where no folder says which pictures do, above 0 and below 1. */
  readonly valSplit: number;
  /** Decides which pictures those are, and the pictures' order. */
  readonly seed: number;
  readonly onProgress?: OnDataProgress;
}

/**
 * Reads a folder of pictures (JPEG, PNG, WebP): train/CLASS/… and val/CLASS/… (or what else {@link TRAIN} and
 * {@link VALIDATION} call them), or CLASS/… or train/CLASS/… alone, of which a share validates. The classes are the
 * folders of the training pictures, sorted. The pictures are shuffled, so that the first of them are a fair sample. They
 * stay on disk (see {@link packPictures}).
 * @returns undefined if there is no folder with pictures in `path`
 * @throws {UserError} naming the folder or file that is wrong
 */
export async function readPictures(path: string, options: PicturesOptions): Promise<OpenedData | undefined> {
  const { folders: there } = await list(path);
  const trainPath = firstOf(path, there, TRAIN);
  const inside = trainPath && (await scan(trainPath));
  const divided = inside && inside.classes.length > 0;
  const folder = divided ? inside : await scan(path);
  if (folder.classes.length === 0) return undefined;
  if (!divided) refuseDivision(path, there);
  if (folder.classes.length === 1) {
    throw new UserError(
      `${folder.path} has pictures (${KINDS}) of '${folder.classes[0]}' alone; expected a folder for each class.`,
    );
  }
  const { size, channels, valSplit, seed, onProgress } = options;
  const name = basename(resolve(path));
  const pack = (from: PictureFolder) => packPictures(name, from, { size, channels }, onProgress);
  const random = splitRandom(seed);
  const validationPath = divided && firstOf(path, there, VALIDATION);
  if (!validationPath) {
    const { pictures, skipped } = await pack(folder);
    const splits = split(pictures, valSplit, random);
    if (splits.validation.length > 0) return { ...splits, notice: noticeOf(splits, [folder], skipped) };
    throw new UserError(
      `${folder.path} has one picture of each class; expected some to train on and some to validate.`,
    );
  }
  const validationFolder = await scan(validationPath, folder.classes);
  const train = await pack(folder);
  const validation = await pack(validationFolder);
  const splits = {
    train: subset(train.pictures, shuffledIndices(train.pictures, random)),
    validation: subset(validation.pictures, shuffledIndices(validation.pictures, random)),
  };
  return { ...splits, notice: noticeOf(splits, [folder, validationFolder], [...train.skipped, ...validation.skipped]) };
}

/**
 * Finds the pictures of each class. Folders without any are no classes.
 * @param known the classes that there may be; by default those that there are
 */
async function scan(folder: string, known?: readonly string[]): Promise<Scanned> {
  const found = new Map<string, string[]>();
  const { folders, way } = await list(folder);
  for (const name of folders) {
    const files = await picturesIn(join(folder, name), way);
    if (files.length > 0) found.set(name, files);
  }
  const classes = known ?? [...found.keys()];
  const unknown = [...found.keys()].find((name) => !classes.includes(name));
  if (unknown) throw new UserError(`${join(folder, unknown)} is of no class; expected one of ${some(classes)}.`);
  if (known && found.size === 0) throw new UserError(`${folder} has no pictures; expected a folder for each class.`);
  return {
    path: folder,
    classes,
    empty: folders.filter((name) => !found.has(name)).map((name) => join(folder, name)),
    files: classes.flatMap((name, label) => (found.get(name) ?? []).map((file) => ({ path: join(name, file), label }))),
  };
}

/**
 * Sorted paths, relative to `folder`, of the pictures in it and below it.
 * @param above see {@link list}
 */
async function picturesIn(folder: string, above: readonly string[]): Promise<string[]> {
  const { folders, files, way } = await list(folder, above);
  const found = files.filter((name) => PICTURE.test(name));
  for (const name of folders) {
    for (const path of await picturesIn(join(folder, name), way)) found.push(join(name, path));
  }
  return found.sort();
}

/**
 * Sorted names of what lies in `folder`, but for what is hidden. A link counts as what it leads to; one that leads back
 * is left out, or pictures would be met again and again, and those of other classes too.
 * @param above the real paths of the folders that this one was reached through
 * @returns also `way`, the same for the folders in it
 */
async function list(folder: string, above: readonly string[] = []) {
  const way = [...above, await realpath(folder)];
  const entries = await readdir(folder, { withFileTypes: true }).catch(({ message }: Error) => {
    throw new UserError(`${folder} cannot be read: ${message}.`);
  });
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const isLink = entry.isSymbolicLink();
    // A link to nothing will be named as a picture that cannot be read.
    const target = isLink ? await stat(path).catch(() => entry) : entry;
    if (!target.isDirectory()) files.push(entry.name);
    else if (!isLink || !holdsOneOf(way, await realpath(path))) folders.push(entry.name);
  }
  return { folders: folders.sort(), files, way };
}

/** Whether one of the paths is `folder` or lies in it. */
const holdsOneOf = (paths: readonly string[], folder: string) =>
  paths.some((path) => `${path}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`));

/** The first of `names`, in any case, among the folders that are there. */
function firstOf(folder: string, there: readonly string[], names: readonly string[]): string | undefined {
  const [name] = names.flatMap((name) => there.filter((folder) => isOneOf([name], folder)));
  return name && join(folder, name);
}

/**
 * Two folders such as train and val are no classes, though one of them beside others may be.
 * @throws {UserError} naming them
 */
function refuseDivision(path: string, there: readonly string[]): void {
  const parts = there.filter((name) => isOneOf([...TRAIN, ...VALIDATION], name));
  if (parts.length < 2) return;
  throw new UserError(
    `${path} has ${some(parts)}, but no pictures in train/CLASS; expected a folder for each class, in train/ and val/ or not.`,
  );
}

function split(pictures: Pictures, share: number, random: Random): Splits<Pictures> {
  const { train, validation } = splitByClass(pictures, share, random);
  return { train: subset(pictures, train), validation: subset(pictures, validation) };
}

function noticeOf(
  { train, validation }: Splits<Pictures>,
  folders: readonly Scanned[],
  skipped: readonly Skipped[],
): string | undefined {
  const total = folders.reduce((sum, { files }) => sum + files.length, 0);
  const lines = [
    line(
      `${skipped.length} of ${total} files are no pictures that can be read and are left out`,
      skipped.map(({ path, reason }) => `${path} (${reason})`),
    ),
    line(
      `Folders without pictures (${KINDS}), which are left out`,
      folders.flatMap(({ empty }) => empty),
    ),
    line('Classes without pictures to train on', classesWithout(train)),
    line('Classes without pictures to validate', classesWithout(validation)),
  ];
  return lines.filter(Boolean).join('\n') || undefined;
}

const line = (about: string, names: readonly string[]) => names.length > 0 && `${about}: ${some(names)}.`;

function classesWithout({ classes, labels }: Pictures): string[] {
  const there = new Set(labels);
  return classes.filter((_, label) => !there.has(label));
}
