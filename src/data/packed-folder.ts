import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, openSync, read } from 'node:fs';
import { access, constants, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { cachePath } from '../runtime/cache_path.ts';
import { UserError } from '../runtime/errors.ts';
import { makeFolder } from './cache-folder.ts';
import type { Pictures } from './dataset.ts';
import type { OnDataProgress } from './progress.ts';

/** The pictures of a folder, by class; paths are relative to it. */
export interface PictureFolder {
  readonly path: string;
  readonly classes: readonly string[];
  /** In the order of the labels. */
  readonly files: readonly { readonly path: string; readonly label: number }[];
}

/** What pictures are made to be: squares of `size` pixels, grey (1 channel) or RGB (3). */
export interface PictureFormat {
  readonly size: number;
  readonly channels: number;
}

/** A file that is no picture. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

/** What index.json tells of the pixels beside it. */
interface Index {
  /** The folder that the pictures come from. */
  readonly folder: string;
  /** How many pictures of each class there are, one class after the other. */
  readonly counts: readonly number[];
  readonly skipped: readonly Skipped[];
}

/** Files that are waited for at once, enough to keep libuv's threads busy. */
const UNDER_WAY = 16;
/** What an interrupted process left in the cache is removed after this, in milliseconds. */
const A_DAY = 24 * 60 * 60 * 1000;

/**
 * Decodes all pictures of a folder, once, into one file of raw pixels in the cache, which every later use reads batches
 * from: no epoch waits for a decoder, and memory stays flat however many pictures there are. The folder is decoded
 * again when the name, size, time or mode of any of its files has changed.
 * @returns the pictures that could be decoded, in the order of the files, and the others
 * @throws {UserError} if most files are no pictures, or the cache cannot be written
 */
export async function packPictures(
  name: string,
  folder: PictureFolder,
  format: PictureFormat,
  onProgress?: OnDataProgress,
): Promise<{ pictures: Pictures; skipped: readonly Skipped[] }> {
  const place = cachePath('pictures', hash(resolve(folder.path), JSON.stringify(format)));
  const packed = join(place, await fingerprint(folder));
  if (!existsSync(packed)) {
    await makeFolder(packed, (temporary) => decodeAll(folder, format, temporary, onProgress));
    // Where that fails, disk space is all that is lost.
    await removeOthers(packed).catch(() => {});
  }
  return open(packed, name, folder.classes, format);
}

const hash = (...parts: string[]) => createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);

/** Tells a folder's state by its files' names, sizes and times, and by the modes that decide whether they can be read. */
async function fingerprint({ path: folder, files }: PictureFolder): Promise<string> {
  const state = createHash('sha256');
  const line = async ({ path, label }: PictureFolder['files'][number]) => {
    // One that cannot be looked at will be skipped by the decoder.
    const { size, mtimeMs, mode } = await stat(join(folder, path)).catch(() => ({ size: -1, mtimeMs: 0, mode: 0 }));
    return `${label} ${size} ${mtimeMs} ${mode} ${path}\n`;
  };
  for await (const text of inOrder(files, line)) state.update(text);
  return state.digest('hex').slice(0, 16);
}

async function decodeAll(
  { path: folder, classes, files }: PictureFolder,
  format: PictureFormat,
  target: string,
  onProgress?: OnDataProgress,
): Promise<void> {
  await loadSharp();
  const counts = classes.map(() => 0);
  const failed: Skipped[] = [];
  const attempt = ({ path, label }: PictureFolder['files'][number]) =>
    decodePicture(join(folder, path), format).then(
      (pixels) => ({ label, pixels }),
      ({ message }: Error) => ({ path, reason: message }),
    );
  const pixels = async function* () {
    let done = 0;
    for await (const outcome of inOrder(files, attempt)) {
      onProgress?.({ task: `decoding ${folder}`, done: ++done, total: files.length, unit: 'pictures' });
      if ('reason' in outcome) {
        failed.push(outcome);
      } else {
        counts[outcome.label]++;
        yield outcome.pixels;
      }
    }
  };
  await pipeline(pixels, createWriteStream(join(target, 'pixels')));
  const explain = async ({ path, reason }: Skipped) => ({
    path,
    reason: await reasonAlone(join(folder, path), format, reason),
  });
  if (failed.length > files.length / 2) {
    const { path, reason } = await explain(failed[0]);
    throw new UserError(
      `${folder}: ${failed.length} of ${files.length} files are no pictures that can be read, such as ${path} (${reason}).`,
    );
  }
  const skipped: Skipped[] = [];
  for (const file of failed) skipped.push(await explain(file));
  const index: Index = { folder: resolve(folder), counts, skipped };
  await writeFile(join(target, 'index.json'), JSON.stringify(index));
}

/** @throws {UserError} if it does not load */
export async function loadSharp() {
  const { default: sharp } = await import('sharp').catch((error: Error) => {
    throw new UserError(`sharp, which reads and writes pictures, does not load on this machine: ${error.message}`);
  });
  return sharp;
}

/**
 * Planes [channels, size, size] of a picture, turned upright, cut to a square and scaled, on white where it is
 * transparent. sharp works in libuv's threads, so that it neither blocks this one nor gains from workers, which would
 * share them; the variable UV_THREADPOOL_SIZE sets how many there are (4).
 * @throws Error that says in a line why the file is no picture
 */
export async function decodePicture(file: string, { size, channels }: PictureFormat): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const pixels = await sharp(file, { failOn: 'error' })
    .autoOrient()
    .resize(size, size, { fit: 'cover' })
    .flatten({ background: 'white' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer()
    .catch(async ({ message }: Error) => {
      // The decoders take what may not be read for a format that they do not know.
      await access(file, constants.R_OK).catch((error: Error) => {
        throw new Error(error.message.split(',')[0]);
      });
      // Their messages may have further lines.
      throw new Error(message.split('\n')[0]);
    });
  const planes = new Uint8Array(pixels.length);
  const plane = size * size;
  for (let i = 0, p = 0; p < plane; p++) for (let c = 0; c < channels; c++, i++) planes[c * plane + p] = pixels[i];
  return planes;
}

/**
 * Why a file is no picture, by decoding it once more, to be done for one at a time: decoders at work at once take each
 * other's messages.
 * @param first the reason of the first time, if this time it can be read
 */
export const reasonAlone = (file: string, format: PictureFormat, first: string): Promise<string> =>
  decodePicture(file, format).then(
    () => first,
    ({ message }: Error) => message,
  );

/** Removes a folder's former states, and what a process left that was interrupted. */
async function removeOthers(packed: string): Promise<void> {
  const place = dirname(packed);
  for (const name of await readdir(place)) {
    const path = join(place, name);
    if (path === packed) continue;
    const beingMade = name.includes('.') && Date.now() - (await stat(path)).mtimeMs < A_DAY;
    if (!beingMade) await rm(path, { recursive: true, force: true });
  }
}

async function open(packed: string, name: string, classes: readonly string[], { size, channels }: PictureFormat) {
  const { counts, skipped }: Index = JSON.parse(await readFile(join(packed, 'index.json'), 'utf8'));
  const file = join(packed, 'pixels');
  // Open until the process ends: it can be read even after another process has removed it, as out of date.
  const descriptor = openSync(file, 'r');
  const bytes = channels * size * size;
  const labels = Int32Array.from(counts.flatMap((count, label) => Array<number>(count).fill(label)));
  const pictures: Pictures = {
    ...{ name, classes, channels, height: size, width: size, labels, length: labels.length },
    async read(indices, images) {
      const reading = Array.from(indices, (index, i) => readAt(descriptor, images, i * bytes, bytes, index * bytes));
      for (const { bytesRead } of await Promise.all(reading)) {
        if (bytesRead !== bytes) throw new UserError(`${file} is damaged: remove ${packed}, and it is made again.`);
      }
    },
  };
  return { pictures, skipped };
}

const readAt = promisify(read);

/** Maps all items, several at once; gives the results in the items' order. `f` must not fail. */
async function* inOrder<T, R>(items: readonly T[], f: (item: T) => Promise<R>): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  for (const item of items) {
    if (underWay.length === UNDER_WAY) yield await underWay.shift()!;
    underWay.push(f(item));
  }
  for (const result of underWay) yield await result;
}
