import { createHash } from 'node:crypto';
import { closeSync, createWriteStream, fstatSync, openSync, read } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { cachePath } from '../runtime/cache_path.ts';
import { UserError } from '../runtime/errors.ts';
import { makeFolder } from './cache-folder.ts';
import type { Pictures } from './dataset.ts';
import { decodeFailure, decodePicture, decoderVersion, loadSharp, type PictureFormat } from './decode-file.ts';
import { inOrder } from './in_order.ts';
import { type LeftOut, leftOutBy, mostFailed } from './left_out.ts';
import { count } from './parse.ts';
import type { OnDataProgress } from './progress.ts';

/** The labelled pictures of a folder. */
export interface PictureFolder {
  readonly path: string;
  /** Which of the folder's pictures these are; each part has its own place in the cache. */
  readonly part: string;
  readonly classes: readonly string[];
  /** Sorted by label; paths are relative to the folder. */
  readonly files: readonly { readonly path: string; readonly label: number }[];
}

/** Contents of index.json, stored beside the pixels. */
const index = v.object({
  /** Absolute path of the source folder. */
  folder: v.string(),
  /** Number of pictures per class; the pixels are stored in this order. */
  counts: v.array(count),
  skipped: v.array(v.object({ path: v.string(), kind: v.string(), detail: v.optional(v.string()) })),
  /** Hash of the file of checksums, one for each picture. */
  sums: v.string(),
});

/** Files processed at once: enough to keep libuv's threads busy. */
const CONCURRENCY = 16;
/** Temporary folders older than this belong to an interrupted process and are removed. In milliseconds. */
const STALE_AFTER = 24 * 60 * 60 * 1000;

/**
 * Decodes all pictures of a folder into one file of raw pixels in the cache and opens it. Batches are read from that
 * file: no epoch waits for a decoder, and memory use does not depend on the number of pictures. The folder is decoded
 * again only after one of its files or the decoder has changed.
 * @param name the data set's name
 * @returns the decoded pictures in the order of the files, and the files that could not be decoded
 * @throws {UserError} if most files cannot be decoded, or the cache cannot be written
 */
export async function packPictures(
  name: string,
  folder: PictureFolder,
  format: PictureFormat,
  onProgress?: OnDataProgress,
): Promise<{ pictures: Pictures; skipped: readonly LeftOut[] }> {
  const cache = cachePath('pictures', hash(resolve(folder.path), folder.part, JSON.stringify(format)));
  const packed = join(cache, hash(await decoderVersion(), await folderHash(folder)));
  const stored = await open(packed, name, folder, format);
  if (stored) return stored;
  // It is not there, or damaged.
  await rm(packed, { recursive: true, force: true });
  await makeFolder(packed, (temporary) => decodeAll(folder, format, temporary, onProgress));
  // Best effort: a failure only wastes disk space.
  await removeStale(packed).catch(() => {});
  const made = await open(packed, name, folder, format);
  if (!made) throw new UserError(`${packed} cannot be read right after it was written; expected a disk that works.`);
  return made;
}

function hash(...parts: readonly (string | Uint8Array)[]): string {
  const state = createHash('sha256');
  for (const part of parts) state.update(part).update('\n');
  return state.digest('hex').slice(0, 16);
}

/**
 * Hash of the files' names, labels, sizes, times, inodes and modes (a mode decides whether a file is readable). The
 * modification time and the size stay when an archive of fixed times is unpacked again; the other two change.
 */
async function folderHash({ path: folder, files }: PictureFolder): Promise<string> {
  const state = createHash('sha256');
  const line = async ({ path, label }: PictureFolder['files'][number]) => {
    // The decoder will skip a file without stat.
    const of = await stat(join(folder, path)).catch(() => undefined);
    return `${label} ${of?.size} ${of?.mtimeMs} ${of?.ctimeMs} ${of?.ino} ${of?.mode} ${path}\n`;
  };
  for await (const text of inOrder(files, CONCURRENCY, line)) state.update(text);
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
  const failed: { path: string; error: Error }[] = [];
  const tryDecode = ({ path, label }: PictureFolder['files'][number]) =>
    decodePicture(join(folder, path), format).then(
      (pixels) => ({ label, pixels }),
      (error: Error) => ({ path, error }),
    );
  const pixels = async function* () {
    let done = 0;
    for await (const outcome of inOrder(files, CONCURRENCY, tryDecode)) {
      onProgress?.({ task: `decoding ${folder}`, done: ++done, total: files.length, unit: 'pictures' });
      if ('error' in outcome) {
        failed.push(outcome);
      } else {
        counts[outcome.label]++;
        yield outcome.pixels;
      }
    }
  };
  const sums: number[] = [];
  const summed = async function* () {
    for await (const picture of pixels()) {
      sums.push(crc32(picture));
      yield picture;
    }
  };
  await pipeline(summed, createWriteStream(join(target, PIXELS), { flush: true }));
  const withExactReason = async ({ path, error }: (typeof failed)[number]) =>
    leftOutBy(path, await decodeFailure(join(folder, path), format, error));
  if (failed.length > files.length / 2) {
    throw mostFailed(folder, failed.length, files.length, await withExactReason(failed[0]));
  }
  const skipped: LeftOut[] = [];
  for (const file of failed) skipped.push(await withExactReason(file));
  const bytes = Buffer.from(Uint32Array.from(sums).buffer);
  await writeFile(join(target, SUMS), bytes, { flush: true });
  const content = JSON.stringify({ folder: resolve(folder), counts, skipped, sums: hash(bytes) });
  await writeFile(join(target, INDEX), `${hash(content)}\n${content}`, { flush: true });
}

/** The names of the files in a packed folder. */
const [PIXELS, SUMS, INDEX] = ['pixels', 'sums', 'index.json'];

/** Removes older versions of a packed folder, and temporary folders of interrupted processes. */
async function removeStale(packed: string): Promise<void> {
  const cache = dirname(packed);
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (path === packed) continue;
    const inProgress = name.includes('.') && Date.now() - (await stat(path)).mtimeMs < STALE_AFTER;
    if (!inProgress) await rm(path, { recursive: true, force: true });
  }
}

/**
 * Opens a packed folder. A picture whose pixels are damaged is decoded anew when it is read, and the folder is removed,
 * so that the next call of {@link packPictures} makes it again.
 * @returns undefined if it is not there, incomplete or damaged
 */
async function open(packed: string, name: string, folder: PictureFolder, format: PictureFormat) {
  const { size, channels } = format;
  const bytes = channels * size * size;
  try {
    const { counts, skipped, sums } = await readIndex(packed);
    const failed = new Set(skipped.map(({ path }) => path));
    const files = folder.files.filter(({ path }) => !failed.has(path));
    const labels = Int32Array.from(counts.flatMap((count, label) => Array<number>(count).fill(label)));
    const expected = files.every(({ label }, i) => labels[i] === label) && sums.length === labels.length;
    if (!expected || files.length !== labels.length) return undefined;
    // Stays open until the process ends, so that reads work even after another process has removed the file as stale.
    const descriptor = openSync(join(packed, PIXELS), 'r');
    if (fstatSync(descriptor).size !== labels.length * bytes) {
      closeSync(descriptor);
      return undefined;
    }
    const repair = async (index: number) => {
      await rm(packed, { recursive: true, force: true }).catch(() => {});
      const { path } = files[index];
      return decodePicture(join(folder.path, path), format).catch(({ message }: Error) => {
        throw new UserError(
          `${packed} is damaged, and ${join(folder.path, path)} cannot be decoded again: ${message}.`,
        );
      });
    };
    const readOne = async (index: number, pixels: Uint8Array) => {
      await readAt(descriptor, pixels, 0, bytes, index * bytes).catch(() => {});
      if (crc32(pixels) !== sums[index]) pixels.set(await repair(index));
    };
    const pictures: Pictures = {
      ...{ name, classes: folder.classes, channels, height: size, width: size, labels, length: labels.length },
      async read(indices, images) {
        const pixels = (i: number) => images.subarray(i * bytes, (i + 1) * bytes);
        await Promise.all(Array.from(indices, (index, i) => readOne(index, pixels(i))));
      },
    };
    return { pictures, skipped };
  } catch {
    return undefined;
  }
}

/** Reads the index and the checksums. Throws if one is missing or damaged. */
async function readIndex(packed: string) {
  const [sum, content] = (await readFile(join(packed, INDEX), 'utf8')).split('\n');
  const bytes = await readFile(join(packed, SUMS));
  const parsed = v.parse(index, JSON.parse(content));
  if (sum !== hash(content) || parsed.sums !== hash(bytes)) throw new Error('damaged');
  const sums = new Uint32Array(Uint8Array.from(bytes).buffer);
  return { ...parsed, skipped: parsed.skipped as LeftOut[], sums };
}

const readAt = promisify(read);
