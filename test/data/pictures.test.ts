import { chmod, mkdir, readdir, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Pictures } from '../../src/data/dataset.ts';
import { reasonOf } from '../../src/data/left_out.ts';
import { packPictures } from '../../src/data/packed-folder.ts';
import { type PicturesOptions, readPictures } from '../../src/data/pictures-folder.ts';
import type { DataProgress } from '../../src/data/progress.ts';
import { complaint, put, temporaryFolder } from './files.ts';

let folder: string;
let cache: string;
beforeEach(async () => {
  folder = join(await temporaryFolder(), 'birds');
  cache = await temporaryFolder();
  vi.stubEnv('XDG_CACHE_HOME', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const OPTIONS: PicturesOptions = { size: 4, channels: 3, valSplit: 0.25, seed: 0 };
const read = async (options: Partial<PicturesOptions> = {}) =>
  (await readPictures(folder, { ...OPTIONS, ...options }))!;

type Colour = { r: number; g: number; b: number; alpha?: number };

/** A picture of one colour. */
const plain = (background: Colour, width = 4, height = 4) =>
  sharp({ create: { width, height, channels: background.alpha === undefined ? 3 : 4, background } });

/** A grey PNG for each level, named by it. */
async function greys(path: string, levels: readonly number[]): Promise<Record<string, Uint8Array>> {
  const files = levels.map(async (level) => {
    const png = await plain({ r: level, g: level, b: level }).png().toBuffer();
    return [`${path}/${String(level).padStart(3, '0')}.png`, png] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}

const levels = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

/** Each picture's first pixel, and its label. */
async function contents(pictures: Pictures): Promise<[number, number][]> {
  const size = pictures.channels * pictures.height * pictures.width;
  const images = new Uint8Array(pictures.length * size);
  await pictures.read(
    Uint32Array.from({ length: pictures.length }, (_, i) => i),
    images,
  );
  return Array.from(pictures.labels, (label, i) => [images[i * size], label]);
}

const sorted = (pairs: [number, number][]) => [...pairs].sort(([a], [b]) => a - b);

/** Names of what lies in the cache: [the folders' places, their states]. */
const inCache = async () => {
  const places = await readdir(join(cache, 'yynet', 'pictures'));
  return [places, await readdir(join(cache, 'yynet', 'pictures', places[0]))];
};

test('reads train and val, with sorted classes, in a shuffled order', async () => {
  await put(folder, {
    ...(await greys('train/wren', levels(100, 20))),
    ...(await greys('train/Owl', levels(10, 20))),
    ...(await greys('val/wren', [200])),
    ...(await greys('val/Owl', [250])),
    'val/.DS_Store': 'hidden',
    'train/readme.txt': 'no picture',
    'train/wren/._100.png': 'hidden',
  });
  const { train, validation, notice } = await read();
  expect(notice).toBe('1 of 43 files is not used: 1 text file, train/readme.txt.');
  expect(train).toMatchObject({
    name: 'birds',
    classes: ['Owl', 'wren'],
    channels: 3,
    height: 4,
    width: 4,
    length: 40,
  });
  const found = await contents(train);
  expect(sorted(found)).toEqual([...levels(10, 20).map((v) => [v, 0]), ...levels(100, 20).map((v) => [v, 1])]);
  expect(found).not.toEqual(sorted(found));
  expect(new Set(found.slice(0, 8).map(([, label]) => label)).size).toBe(2);
  expect(validation.classes).toEqual(train.classes);
  expect(sorted(await contents(validation))).toEqual([
    [200, 1],
    [250, 0],
  ]);
});

test.each([
  ['train', 'valid'],
  ['train', 'test'],
  ['Train', 'Val'],
  ['training', 'testing'],
])('takes %s for the pictures to train on, and %s for those that validate', async (train, validation) => {
  await put(folder, {
    ...(await greys(`${train}/a`, [1, 2])),
    ...(await greys(`${train}/b/deeper`, [3])),
    ...(await greys(`${validation}/b`, [4, 5])),
  });
  const data = await read();
  expect(data.train.classes).toEqual(['a', 'b']);
  expect(sorted(await contents(data.train))).toEqual([
    [1, 0],
    [2, 0],
    [3, 1],
  ]);
  expect(sorted(await contents(data.validation))).toEqual([
    [4, 1],
    [5, 1],
  ]);
});

test.each(['', 'train/'])('splits the classes in %s. by the seed, each by the same share', async (prefix) => {
  await put(folder, {
    ...(await greys(`${prefix}a`, levels(0, 20))),
    ...(await greys(`${prefix}b`, levels(100, 8))),
    ...(await greys(`${prefix}c`, levels(200, 2))),
    ...(await greys(`${prefix}d`, [250])),
  });
  const { train, validation } = await read();
  const count = ({ labels }: Pictures) => [0, 1, 2, 3].map((label) => labels.filter((own) => own === label).length);
  expect(count(validation)).toEqual([5, 2, 1, 0]);
  expect(count(train)).toEqual([15, 6, 1, 1]);
  const all = [...(await contents(train)), ...(await contents(validation))].map(([value]) => value);
  expect(new Set(all).size).toBe(31);
  const again = await read();
  expect(await contents(again.train)).toEqual(await contents(train));
  expect(await contents(again.validation)).toEqual(await contents(validation));
  const other = await read({ seed: 1 });
  expect(sorted(await contents(other.validation))).not.toEqual(sorted(await contents(validation)));
});

test('a class may be called train', async () => {
  await put(folder, { ...(await greys('train', [1, 2])), ...(await greys('bus', [3, 4])) });
  expect((await read()).train.classes).toEqual(['bus', 'train']);
});

test.each([
  ['train', 'val'],
  ['Training', 'Testing'],
  ['test', 'val'],
])('takes %s and %s without folders of classes for no classes', async (a, b) => {
  await put(folder, { ...(await greys(a, [1, 2])), ...(await greys(b, [3, 4])) });
  const parts = [a, b].sort().join(', ');
  expect(await complaint(read())).toContain(
    `birds has ${parts}, but no pictures in train/CLASS; expected one folder per class`,
  );
});

test('decodes every kind of picture: cut to a square, upright, on white, as planes', async () => {
  const orange = { r: 240, g: 120, b: 40 };
  const blue = { r: 0, g: 0, b: 250 };
  const on = async (ground: Sharp, width: number, height: number, left: number, top: number) =>
    ground.composite([{ input: await plain(orange, width, height).png().toBuffer(), left, top }]);
  await put(folder, {
    '0.png': await plain(orange).png().toBuffer(),
    '1.JPEG': await plain(orange, 64, 64).jpeg({ quality: 100 }).toBuffer(),
    '2.webp': await plain(orange).webp({ lossless: true }).toBuffer(),
    '3.png': await plain(orange).toColourspace('rgb16').png().toBuffer(),
    '4.png': await (await on(plain(blue, 24, 8), 8, 8, 8, 0)).png().toBuffer(),
    // Orange above blue, stored upside down.
    '5.jpg': await (await on(plain(blue, 64, 64), 64, 32, 0, 32)).withMetadata({ orientation: 3 }).jpeg().toBuffer(),
    '6.png': await plain({ ...orange, alpha: 0 })
      .png()
      .toBuffer(),
    '7.png': await plain({ r: 90, g: 90, b: 90 }).toColourspace('b-w').png().toBuffer(),
    '8.jpg': await plain(orange, 64, 64).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer(),
  });
  const files = (await readdir(folder)).sort().map((path) => ({ path, label: 0 }));
  const from = { path: folder, part: 'all', classes: ['a'], files };
  const { pictures } = await packPictures('kinds', from, { size: 4, channels: 3 });
  expect(pictures.length).toBe(9);
  const images = new Uint8Array(9 * 48);
  await pictures.read(Uint32Array.from(files.keys()), images);
  const pixel = (i: number, p: number) => [0, 1, 2].map((c) => images[i * 48 + c * 16 + p]);
  const difference = (a: number[], b: number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));
  // Pixel 5 is in the second row and column.
  for (const i of [0, 1, 2, 3, 4]) expect(difference(pixel(i, 5), [240, 120, 40]), files[i].path).toBeLessThan(20);
  expect(difference(pixel(5, 1), [240, 120, 40])).toBeLessThan(20);
  expect(difference(pixel(5, 13), [0, 0, 250])).toBeLessThan(20);
  expect(pixel(6, 5)).toEqual([255, 255, 255]);
  expect(pixel(7, 5)).toEqual([90, 90, 90]);
  // The way through inks is not exact.
  expect(difference(pixel(8, 5), [240, 120, 40])).toBeLessThan(60);

  const { pictures: grey } = await packPictures('kinds', from, { size: 4, channels: 1 });
  expect(grey.channels).toBe(1);
  expect((await contents(grey)).map(([value]) => value).slice(6, 8)).toEqual([255, 90]);
});

test('decodes once, until a file changes or another size is asked for', async () => {
  await put(folder, { ...(await greys('a', levels(0, 4))), ...(await greys('b', levels(100, 4))) });
  let decoded = 0;
  const onProgress = ({ done, total, unit }: DataProgress) => {
    expect([total, unit]).toEqual([8, 'pictures']);
    decoded = done;
  };
  const run = async (options: Partial<PicturesOptions> = {}) => {
    decoded = 0;
    const data = await read({ onProgress, ...options });
    return { decoded, data };
  };
  const first = await run();
  expect(first.decoded).toBe(8);
  expect((await run({ seed: 5 })).decoded).toBe(0);
  const [places, [state]] = await inCache();
  expect(places).toHaveLength(1);

  await utimes(join(folder, 'a/000.png'), 1, 1);
  expect((await run()).decoded).toBe(8);
  await chmod(join(folder, 'a/000.png'), 0o600);
  expect((await run()).decoded).toBe(8);
  const [, states] = await inCache();
  expect(states).toHaveLength(1);
  expect(states).not.toContain(state);
  // What was opened before can still be read.
  expect(await contents(first.data.train)).toHaveLength(6);

  expect((await run({ size: 2 })).decoded).toBe(8);
  expect((await run()).decoded).toBe(0);
});

test('skips what is no picture, and says so', async () => {
  const jpeg = await plain({ r: 9, g: 9, b: 9 }, 64, 64).jpeg().toBuffer();
  await put(folder, {
    ...(await greys('a', levels(0, 6))),
    ...(await greys('b', levels(100, 6))),
    'a/001.png': '',
    'a/002.png': 'no picture',
    'b/cut.jpg': jpeg.subarray(0, jpeg.length - 40),
  });
  await symlink('nowhere', join(folder, 'b/link.png'));
  const { train, validation, notice, leftOut } = await read();
  expect(train.length + validation.length).toBe(10);
  const all = sorted([...(await contents(train)), ...(await contents(validation))]);
  expect(all.map(([value]) => value)).toEqual([0, 3, 4, 5, ...levels(100, 6)]);
  expect(notice).toBe(
    '4 of 14 files are not used: 1 empty file, a/001.png (download again); 1 text file, a/002.png; 1 damaged picture, b/cut.jpg; 1 broken link, b/link.png.',
  );
  expect(leftOut!.map((file) => `${file.path}: ${reasonOf(file)}`)).toEqual([
    'a/001.png: empty file; download again',
    'a/002.png: text file',
    expect.stringMatching(/^b\/cut\.jpg: damaged picture: .+/),
    'b/link.png: broken link',
  ]);
  expect(notice).not.toContain('\n');
  // A second time it comes out of the cache.
  expect((await read()).notice).toBe(notice);
});

test('tells why each file is no picture, however many fail at once', async () => {
  const png = await plain({ r: 9, g: 9, b: 9 }, 512, 512).png().toBuffer();
  const cut = levels(0, 5).map((i) => [`b/cut${i}.png`, png.subarray(0, png.length / 2)]);
  await put(folder, { ...(await greys('a', levels(0, 9))), ...Object.fromEntries(cut), 'b/whole.png': png });
  const { leftOut } = await read();
  expect(leftOut!.map(reasonOf)).toEqual(Array(5).fill('damaged picture: vipspng: libpng read error'));
});

test('tells apart what cannot be opened, and reads it once it can be', async () => {
  const picture = join(folder, 'a/001.png');
  await put(folder, { ...(await greys('a', levels(0, 4))), ...(await greys('b', levels(100, 4))) });
  await symlink('nowhere', join(folder, 'b/link.png'));
  await chmod(picture, 0);
  const reasons = (await read()).leftOut!.map(reasonOf);
  expect(reasons).toContain('broken link');
  // Root may read everything.
  if (process.getuid?.() !== 0) expect(reasons).toContain('file that cannot be opened: EACCES: permission denied');
  await chmod(picture, 0o644);
  expect((await read()).leftOut).toEqual([{ path: 'b/link.png', kind: 'link' }]);
});

test('names classes and folders that pictures are missing from', async () => {
  await put(folder, {
    ...(await greys('train/a', [1, 2, 3])),
    ...(await greys('train/b', [4])),
    'train/c/broken.png': 'no picture',
    'train/d/notes.txt': 'no picture',
    ...(await greys('val/a', [5])),
    ...(await greys('val/c', [6])),
  });
  const { train, notice } = await read();
  expect(train.classes).toEqual(['a', 'b', 'c']);
  expect(notice!.split('\n')).toEqual([
    '2 of 8 files are not used: 2 text files such as train/d/notes.txt.',
    'Folders without pictures: train/d.',
    'Classes without training pictures: c.',
    'Classes without validation pictures: b.',
  ]);
});

test('follows links, but not to where they come from', async () => {
  const elsewhere = await temporaryFolder();
  await put(elsewhere, { ...(await greys('more', [3])), ...(await greys('owl', [4])), ...(await greys('one', [7])) });
  await put(folder, { ...(await greys('train/a', [1, 2])), ...(await greys('train/b/deeper', [5])) });
  await put(folder, await greys('val/a', [6]));
  const link = (target: string, path: string) => symlink(target, join(folder, path));
  await link('..', 'train/a/up');
  await link('.', 'train/a/self');
  await link('../../..', 'train/b/deeper/root');
  await link('.', 'train/all');
  await link('endless.png', 'train/a/endless.png');
  await link(join(elsewhere, 'more'), 'train/a/more');
  await symlink(join(folder, 'train'), join(elsewhere, 'more/back'));
  await link(join(elsewhere, 'one/007.png'), 'train/a/picture.png');
  await link(join(elsewhere, 'owl'), 'train/c');
  const { train } = await read();
  expect(train.classes).toEqual(['a', 'b', 'c']);
  expect(sorted(await contents(train))).toEqual([
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 2],
    [5, 1],
    [7, 0],
  ]);
});

test('most files being no pictures is an error, and nothing of them is kept', async () => {
  await put(folder, { ...(await greys('a', [1])), 'a/x.png': 'x', 'b/y.png': 'y', 'b/z.png': 'z' });
  expect(await complaint(read())).toMatch(
    /birds: 3 of 4 files cannot be decoded as pictures, for example a\/x\.png \(/,
  );
  expect((await inCache())[1]).toEqual([]);
});

test('says which folder is wrong and how', async () => {
  await mkdir(folder);
  expect(await readPictures(folder, OPTIONS)).toBeUndefined();
  await put(folder, await greys('a', [1]));
  expect(await complaint(read())).toMatch(/birds has pictures of one class only, 'a'; expected one folder per class/);
  await put(folder, await greys('b', [2]));
  expect(await complaint(read())).toMatch(/birds has one picture of each class; expected/);
  await put(folder, { ...(await greys('train/a', [1])), ...(await greys('train/b', [1])), 'val/notes.txt': 'x' });
  expect(await complaint(read({ valSplit: undefined }))).toMatch(
    /val has no pictures; add labels\.csv .* or use --val-split 0\.1/,
  );
  await put(folder, await greys('val/c', [1]));
  expect(await complaint(read())).toMatch(/val\/c is not a class of the training pictures; expected one of a, b\./);
});

test('cleans up after processes that were interrupted, but not those at work', async () => {
  await put(folder, { ...(await greys('a', [1, 2])), ...(await greys('b', [3, 4])) });
  await read();
  const [[place]] = await inCache();
  const path = join(cache, 'yynet', 'pictures', place);
  await put(path, { 'dead.x1/pixels': '1', 'alive.x2/pixels': '2' });
  await utimes(join(path, 'dead.x1'), 1, 1);
  await utimes(join(folder, 'a/001.png'), 1, 1);
  await read();
  const left = await readdir(path);
  expect(left).toHaveLength(2);
  expect(left).toContain('alive.x2');
});
