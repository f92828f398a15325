import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dataNames, openData } from '../../src/data/data-folder.ts';
import { imageSize, type Pictures } from '../../src/data/dataset.ts';
import { shapes } from '../../src/data/shapes.ts';
import { cifarRecords, complaint, idxFiles, put, temporaryFolder } from './files.ts';

let folder: string;
let cache: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  cache = await temporaryFolder();
  vi.stubEnv('XDG_CACHE_HOME', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const cifar10 = (prefix = '') => ({
  [`${prefix}data_batch_1.bin`]: cifarRecords([1], [2], [3]),
  [`${prefix}test_batch.bin`]: cifarRecords([4], [5]),
});

async function first(pictures: Pictures): Promise<Uint8Array> {
  const images = new Uint8Array(imageSize(pictures));
  await pictures.read(Uint32Array.of(0), images);
  return images;
}

test('opens shapes as they are', async () => {
  const { train, validation } = await openData('shapes', { inputSize: 32 });
  expect([train.length, validation.length]).toEqual([400, 200]);
  expect(await first(train)).toEqual(shapes().train.images.subarray(0, 3072));
});

test('opens a data set by name out of the cache', async () => {
  expect(dataNames).toEqual(['shapes', 'cifar10', 'cifar100', 'mnist', 'fashion-mnist']);
  await put(join(cache, 'yynet/data/cifar10'), cifar10('cifar-10-batches-bin/'));
  const { train, validation } = await openData('cifar10', { inputSize: 32, limitTrain: 2, limitVal: 9 });
  expect([train.name, [...train.labels], [...validation.labels]]).toEqual(['cifar10', [1, 2], [4, 5]]);
});

test('finds out what a folder holds', async () => {
  const names = Array.from({ length: 100 }, (_, i) => `class ${i}`).join('\n');
  const png = (level: number) =>
    sharp({ create: { width: 4, height: 4, channels: 3, background: { r: level, g: level, b: level } } })
      .png()
      .toBuffer();
  await put(folder, {
    ...cifar10('ten/'),
    ...cifar10('above/cifar-10-batches-bin/'),
    'hundred/train.bin': cifarRecords([0, 60]),
    'hundred/test.bin': cifarRecords([0, 70]),
    'hundred/fine_label_names.txt': names,
    'birds/owl/1.png': await png(10),
    'birds/owl/2.png': await png(11),
    'birds/wren/1.png': await png(20),
    'birds/wren/2.png': await png(21),
  });
  await put(join(folder, 'digits'), idxFiles([0, 1, 2], [0]));
  const open = async (name: string, options = {}) =>
    (await openData(join(folder, name), { inputSize: 32, ...options })).train;
  expect(await open('ten')).toMatchObject({ name: 'cifar10', length: 3 });
  expect(await open('above')).toMatchObject({ name: 'cifar10', length: 3 });
  expect(await open('hundred')).toMatchObject({ name: 'cifar100', length: 1 });
  expect(await open('digits')).toMatchObject({ name: 'digits', channels: 1, height: 32, width: 32, length: 3 });
  expect(await open('birds')).toMatchObject({ name: 'birds', channels: 3, height: 32, width: 32, length: 2 });
  expect(await open('birds', { inputSize: 8, channels: 1, limitTrain: 1 })).toMatchObject({ channels: 1, length: 1 });
});

test('makes pictures the size and channels that are asked for', async () => {
  await put(folder, cifar10());
  const { train, validation } = await openData(folder, { inputSize: 36, channels: 1 });
  for (const pictures of [train, validation]) {
    expect(pictures).toMatchObject({ channels: 1, height: 36, width: 36 });
  }
  // A border of 2 on each side; pixels of the first picture are 1, 2, … in each of the channels.
  const pixels = await first(train);
  expect([pixels[0], pixels[2 * 36 + 2], pixels[2 * 36 + 3]]).toEqual([0, 1, 2]);
});

test('says what it found and what it expected', async () => {
  const open = (name: string, options = {}) => complaint(openData(name, { inputSize: 32, ...options }));
  expect(await open(join(folder, 'cifra10'))).toMatch(
    /cifra10 does not exist; expected a folder of data or one of shap/,
  );
  expect(await open(folder)).toMatch(/ is empty; expected CIFAR's binary files, MNIST's IDX files, or pictures/);
  await put(folder, { 'a.txt': '', 'b.jpg': '', 'c.md': '', 'docs/d.txt': '' });
  expect(await open(folder)).toMatch(/ has a\.txt, b\.jpg, c\.md, …; expected/);
  expect(await open(join(folder, 'a.txt'))).toMatch(/a\.txt is not a folder; expected/);
  await put(folder, { 'a.zip': zipSync({}), 'b.tgz': gzipSync('b') });
  expect(await open(join(folder, 'a.zip'))).toMatch(/a\.zip is an archive; unpack it, and name its folder\.$/);
  expect(await open(join(folder, 'b.tgz'))).toMatch(/b\.tgz is an archive; unpack it/);
  expect(await open(folder, { valSplit: 1 })).toMatch(/above 0 and below 1, got 1/);
  await put(folder, { 'test_batch.bin': cifarRecords([1]) });
  expect(await open(folder)).toMatch(/has no data_batch_\*\.bin/);
});
