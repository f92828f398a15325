import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { packPictures } from '../../src/data/packed-folder.ts';
import { cachePath } from '../../src/runtime/cache_path.ts';
import { put, temporaryFolder } from '../data/files.ts';

const COUNT = 12;
let source: string;
let cache: string;
beforeEach(async () => {
  [source, cache] = [await temporaryFolder(), await temporaryFolder()];
  vi.stubEnv('XDG_CACHE_HOME', cache);
  await fill(0);
});
afterEach(() => void vi.unstubAllEnvs());

const files = Array.from({ length: COUNT }, (_, i) => ({ path: `${i}.png`, label: i < COUNT / 2 ? 0 : 1 }));
const level = (i: number, shift: number) => 10 + 20 * ((i + shift) % COUNT);

/** Uncompressed PNGs of one level of grey each: all have the same size, and here the same times. */
async function fill(shift: number): Promise<void> {
  for (const [i, { path }] of files.entries()) {
    const background = { r: level(i, shift), g: level(i, shift), b: level(i, shift) };
    const picture = sharp({ create: { width: 40, height: 40, channels: 3, background } });
    await put(source, { [path]: await picture.png({ compressionLevel: 0 }).toBuffer() });
    await utimes(join(source, path), 1e9, 1e9);
  }
}

/** Reads all pictures through the cache: the level of each, and how many were decoded to make the cache. */
async function read() {
  let decoded = 0;
  const folder = { path: source, part: '', classes: ['a', 'b'], files };
  const { pictures } = await packPictures('greys', folder, { size: 40, channels: 3 }, ({ done }) => {
    decoded = done;
  });
  const images = new Uint8Array(COUNT * 4800);
  await pictures.read(Uint32Array.from(files.keys()), images);
  const levels = files.map((_, i) => new Set(images.subarray(i * 4800, (i + 1) * 4800)));
  return { decoded, levels: levels.map((set) => (set.size === 1 ? [...set][0] : 'mixed')) };
}

const right = (shift = 0) => files.map((_, i) => level(i, shift));

/** The cache's folder of the pictures. */
async function packed(): Promise<string> {
  const root = join(cache, 'yynet', 'pictures');
  const [place] = await readdir(root);
  const [state] = await readdir(join(root, place));
  return join(root, place, state);
}

const change = (file: string, how: (bytes: Buffer) => Uint8Array) => async (folder: string) =>
  writeFile(join(folder, file), how(await readFile(join(folder, file))));
const zeros = (from: number, to: number) => (bytes: Buffer) => bytes.fill(0, from, Math.min(to, bytes.length));
const flip = (at: number) => (bytes: Buffer) => {
  bytes[at] ^= 4;
  return bytes;
};

const DAMAGES: Record<string, (folder: string) => Promise<unknown>> = {
  'pixels cut': change('pixels', (bytes) => bytes.subarray(0, 30_000)),
  'pixels empty': change('pixels', () => Buffer.alloc(0)),
  'pixels longer': change('pixels', (bytes) => Buffer.concat([bytes, bytes])),
  'pixels missing': (folder) => rm(join(folder, 'pixels')),
  'pixels are a folder': async (folder) => {
    await rm(join(folder, 'pixels'));
    await mkdir(join(folder, 'pixels'));
  },
  'a page of zeros at the start': change('pixels', zeros(0, 4096)),
  'a page of zeros inside': change('pixels', zeros(20_480, 24_576)),
  'all zeros': change('pixels', zeros(0, Infinity)),
  'a bit of the first picture': change('pixels', flip(0)),
  'a bit of the last picture': change('pixels', flip(COUNT * 4800 - 1)),
  'pictures exchanged': change('pixels', (bytes) => Buffer.concat([bytes.subarray(4800), bytes.subarray(0, 4800)])),
  'index cut': change('index.json', (bytes) => bytes.subarray(0, 30)),
  'index empty': change('index.json', () => Buffer.alloc(0)),
  'index of zeros': change('index.json', zeros(0, Infinity)),
  'index is null': change('index.json', () => Buffer.from('null')),
  'index missing': (folder) => rm(join(folder, 'index.json')),
  'a bit of the index': change('index.json', flip(40)),
  'index of other counts': change('index.json', (bytes) => Buffer.from(String(bytes).replace('[6,6]', '[5,7]'))),
  'sums cut': change('sums', (bytes) => bytes.subarray(0, 10)),
  'sums of zeros': change('sums', zeros(0, Infinity)),
  'sums missing': (folder) => rm(join(folder, 'sums')),
  'a file for a folder': async (folder) => {
    await rm(folder, { recursive: true });
    await writeFile(folder, 'no folder');
  },
};

test.each(Object.keys(DAMAGES))('%s: the pixels are right, and the cache is made again once', async (damage) => {
  expect(await read()).toEqual({ decoded: COUNT, levels: right() });
  expect(await read()).toEqual({ decoded: 0, levels: right() });
  await DAMAGES[damage](await packed());
  expect((await read()).levels).toEqual(right());
  expect((await read()).levels).toEqual(right());
  expect(await read()).toEqual({ decoded: 0, levels: right() });
});

test('files of equal names, sizes and times are decoded again', async () => {
  expect((await read()).levels).toEqual(right());
  await fill(3);
  expect((await read()).levels).toEqual(right(3));
});

test('a cache that cannot be written is replaced by a temporary folder, which a line says', async () => {
  await put(cache, { file: '' });
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  vi.stubEnv('XDG_CACHE_HOME', join(cache, 'file'));
  expect((await read()).levels).toEqual(right());
  expect(await read()).toEqual({ decoded: 0, levels: right() });
  expect(said.mock.calls).toEqual([[expect.stringMatching(/file\/yynet cannot be written .* Set XDG_CACHE_HOME to/)]]);
  said.mockRestore();
});

test('without a home folder the cache is a temporary folder, which a line says', () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { homedir } = os;
  // As for a user of a container who has no entry in the system's list.
  os.homedir = () => {
    throw new Error('uv_os_homedir returned ENOENT');
  };
  syncBuiltinESMExports();
  vi.stubEnv('XDG_CACHE_HOME', '');
  try {
    expect(cachePath('tiles')).toBe(cachePath('tiles'));
  } finally {
    os.homedir = homedir;
    syncBuiltinESMExports();
  }
  expect(said.mock.calls).toEqual([
    [expect.stringMatching(/^The cache has no place .* Set XDG_CACHE_HOME to a folder/)],
  ]);
  said.mockRestore();
});
