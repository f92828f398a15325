import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { openData } from '../../src/data/data-folder.ts';
import { readIdx } from '../../src/data/idx-folder.ts';
import { complaint, idx, idxFiles, put, temporaryFolder } from '../data/files.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

/** Pictures of 2×3 pixels whose values are their positions. */
const positions = (count: number) =>
  idx(
    [count, 2, 3],
    Array.from({ length: 6 * count }, (_, i) => i % 6),
  );

const emnist = (part: string, train: number[], test: number[]) => ({
  [`emnist-${part}-train-images-idx3-ubyte.gz`]: gzipSync(positions(train.length)),
  [`emnist-${part}-train-labels-idx1-ubyte.gz`]: gzipSync(idx([train.length], train)),
  [`emnist-${part}-test-images-idx3-ubyte.gz`]: gzipSync(positions(test.length)),
  [`emnist-${part}-test-labels-idx1-ubyte.gz`]: gzipSync(idx([test.length], test)),
  [`emnist-${part}-mapping.txt`]: '1 65 97\n',
});

test("EMNIST's letters have 26 classes and stand upright", async () => {
  await put(folder, emnist('letters', [1, 26, 2], [3]));
  const { train, validation, notice } = await readIdx(folder);
  expect(train.classes).toEqual([...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']);
  expect([...train.labels, ...validation.labels]).toEqual([0, 25, 1, 2]);
  expect([train.name, train.height, train.width]).toEqual(['emnist-letters', 3, 2]);
  expect([...train.images.subarray(0, 6)]).toEqual([0, 3, 1, 4, 2, 5]);
  expect(notice).toMatch(/transposed: they are turned upright/);
  expect((await openData(folder, { inputSize: 8 })).notice).toBe(notice);
});

test("EMNIST's other parts have their own classes", async () => {
  await put(folder, emnist('balanced', [0, 46], [10]));
  expect((await readIdx(folder)).train.classes.slice(-12).join('')).toBe('Zabdefghnqrt');
  await put(folder, emnist('digits', [0, 9], [1]));
  expect(await complaint(openData(folder, { inputSize: 8 }))).toMatch(
    /several data sets \(emnist-balanced-train-…, emnist-digits-train-…\); expected a folder with one/,
  );
});

test('labels from 1 leave no empty class', async () => {
  await put(folder, idxFiles([1, 2], [3]));
  const { train, validation } = await readIdx(folder);
  expect([train.classes, [...train.labels], [...validation.labels]]).toEqual([['1', '2', '3'], [0, 1], [2]]);
});

/** QMNIST's labels: rows of eight integers, the first of which is the digit. */
function rows(labels: number[]): Uint8Array {
  const bytes = Buffer.alloc(12 + 32 * labels.length);
  bytes.set([0, 0, 12, 2]);
  bytes.writeUInt32BE(labels.length, 4);
  bytes.writeUInt32BE(8, 8);
  for (const [i, label] of labels.entries()) {
    bytes.writeInt32BE(label, 12 + 32 * i);
    bytes.writeInt32BE(-7, 16 + 32 * i);
  }
  return bytes;
}

test("QMNIST's labels are the first of eight numbers", async () => {
  await put(folder, {
    'qmnist-train-images-idx3-ubyte.gz': gzipSync(positions(2)),
    'qmnist-train-labels-idx2-int.gz': gzipSync(rows([1, 0])),
    'qmnist-test-images-idx3-ubyte': positions(1),
    'qmnist-test-labels-idx2-int': rows([2]),
  });
  const { train, validation, notice } = await readIdx(folder);
  expect([train.name, train.classes, [...train.labels], [...validation.labels], notice]).toEqual([
    ...['qmnist', ['0', '1', '2'], [1, 0], [2]],
    undefined,
  ]);
  await put(folder, { 'qmnist-test-labels-idx2-int': rows([300]) });
  expect(await complaint(readIdx(folder))).toMatch(/idx2-int: label 0 \(from 0\) is 300, expected 0 to 255/);
});

test.each(['KMNIST/raw', 'raw'])("torchvision's %s is found from its parent", async (path) => {
  const files = idxFiles([0, 1], [1]);
  await put(join(folder, path), files);
  const { train } = await openData(folder, { inputSize: 8 });
  expect(train.labels).toHaveLength(2);
  if (path === 'KMNIST/raw') {
    expect(train.name).toBe('KMNIST');
    await put(join(folder, 'FashionMNIST/raw'), files);
    expect(await complaint(openData(folder, { inputSize: 8 }))).toMatch(
      /holds several data sets; expected one of .*FashionMNIST\/raw, .*KMNIST\/raw/,
    );
    expect((await openData(join(folder, 'FashionMNIST'), { inputSize: 8 })).train.name).toBe('FashionMNIST');
  }
});

test('a .gz file is decompressed up to the size in its header', async () => {
  await put(folder, idxFiles([0, 1], [1]));
  const bomb = Buffer.concat([positions(2), Buffer.alloc(300_000_000)]);
  await put(folder, { 'train-images-idx3-ubyte.gz': gzipSync(bomb) });
  const before = process.memoryUsage().arrayBuffers;
  expect(await complaint(readIdx(folder))).toMatch(
    /train-images-idx3-ubyte\.gz holds more than its header promises; expected 28 bytes of an IDX file/,
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
});

test('a pipe among the files is not read', async () => {
  await put(folder, idxFiles([0, 1], [1]));
  await rm(join(folder, 'train-labels-idx1-ubyte'));
  execFileSync('mkfifo', [join(folder, 'train-labels-idx1-ubyte')]);
  expect(await complaint(readIdx(folder))).toMatch(/train-labels-idx1-ubyte cannot be read: it is no regular file/);
});
