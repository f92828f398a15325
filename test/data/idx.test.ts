import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { readIdx } from '../../src/data/idx-folder.ts';
import { complaint, idx, idxFiles, put, temporaryFolder } from './files.ts';

test('reads grey pictures, zipped or not, and numbers the classes', async () => {
  const folder = await temporaryFolder();
  await put(folder, idxFiles([2, 0, 1], [3]));
  const { train, validation } = await readIdx(folder);
  expect(train).toMatchObject({ name: basename(folder), length: 3, channels: 1, height: 2, width: 3 });
  expect(train.classes).toEqual(['0', '1', '2', '3']);
  expect([...train.labels]).toEqual([2, 0, 1]);
  expect([...train.images]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
  expect([validation.length, validation.labels[0]]).toEqual([1, 3]);
});

test('says which file is missing or broken and how', async () => {
  const folder = await temporaryFolder();
  const message = () => complaint(readIdx(folder, { name: 'tiny', classes: ['a', 'b'] }));
  const files = idxFiles([0, 1], [0]);
  await put(folder, files);
  await put(folder, { 'train-images-idx3-ubyte.gz': 'no gzip' });
  expect(await message()).toMatch(/train-images-idx3-ubyte\.gz cannot be unzipped: .*; expected a gzip file/);
  await rm(join(folder, 'train-images-idx3-ubyte.gz'));
  expect(await message()).toMatch(/train-images-idx\*-ubyte is missing/);
  await put(folder, { 'train-images.idx3-ubyte': files['train-labels-idx1-ubyte'] });
  expect(await message()).toMatch(/train-images\.idx3-ubyte is not an IDX file; expected .* 3 dimension/);
  await put(folder, { 'train-images.idx3-ubyte': idx([2, 2, 3], [1, 2, 3]) });
  expect(await message()).toMatch(/train-images\.idx3-ubyte is truncated .* 3 bytes of data, expected 12 for 2×2×3/);
  await put(folder, { 'train-images.idx3-ubyte': idx([0, 2, 3], []), 'train-labels-idx1-ubyte': idx([0], []) });
  expect(await message()).toMatch(/train-images\.idx3-ubyte is empty/);
  await put(folder, { 'train-images.idx3-ubyte': idx([1, 2, 3], [1, 2, 3, 4, 5, 6]) });
  expect(await message()).toMatch(
    /train-labels-idx1-ubyte has 0 labels; expected 1, the number of pictures in .*train-images/,
  );
  await put(folder, { 'train-labels-idx1-ubyte': idx([1], [2]) });
  expect(await message()).toMatch(/train-labels-idx1-ubyte: label 0 \(from 0\) is 2, expected 0 to 1/);
});
