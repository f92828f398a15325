import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CIFAR10_CLASSES } from '../../src/data/cifar.ts';
import { readCifar10 } from '../../src/data/cifar10-folder.ts';
import { UserError } from '../../src/runtime/errors.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cifar10-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** One record per label; pixel p of the record has the value (label + p) mod 256. */
function records(...labels: number[]): Uint8Array {
  return Uint8Array.from({ length: labels.length * 3073 }, (_, i) => {
    const label = labels[Math.floor(i / 3073)];
    return i % 3073 === 0 ? label : label + (i % 3073) - 1;
  });
}

const put = (name: string, bytes: Uint8Array | string) => writeFile(join(folder, name), bytes);

async function message(path = folder): Promise<string> {
  const error = await readCifar10(path).then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return error.message;
}

test('reads the batches in order of their numbers', async () => {
  await put('data_batch_10.bin', records(7));
  await put('data_batch_2.bin', records(3, 9));
  await put('test_batch.bin', records(1));
  await put('batches.meta.txt', 'ignored');
  const { train, validation } = await readCifar10(folder);
  expect(train).toMatchObject({ length: 3, channels: 3, height: 32, width: 32, classes: CIFAR10_CLASSES });
  expect([...train.labels]).toEqual([3, 9, 7]);
  const expected = Uint8Array.from({ length: 3 * 3072 }, (_, i) => [3, 9, 7][Math.floor(i / 3072)] + (i % 3072));
  expect(Buffer.compare(train.images, expected)).toBe(0);
  expect([validation.length, validation.labels[0]]).toEqual([1, 1]);
});

test('finds cifar-10-batches-bin in a parent folder', async () => {
  await mkdir(join(folder, 'cifar-10-batches-bin'));
  await put('cifar-10-batches-bin/data_batch_1.bin', records(0));
  await put('cifar-10-batches-bin/test_batch.bin', records(1));
  expect((await readCifar10(folder)).train.length).toBe(1);
});

test('says what is missing', async () => {
  expect(await message(join(folder, 'nowhere'))).toMatch(/nowhere does not exist; expected/);
  await put('file', '');
  expect(await message(join(folder, 'file'))).toMatch(/file is not a folder; expected/);
  expect(await message()).toMatch(/has no data_batch_\*\.bin; expected/);
  await put('data_batch_1.bin', records(0));
  expect(await message()).toMatch(/test_batch\.bin is missing; expected/);
});

test('says which file is broken and how', async () => {
  await put('test_batch.bin', records(0));
  await put('data_batch_1.bin', '');
  expect(await message()).toMatch(/data_batch_1\.bin is empty; expected/);
  await put('data_batch_1.bin', records(0, 1).subarray(0, 6000));
  expect(await message()).toMatch(/data_batch_1\.bin is truncated .* 6000 bytes, expected a multiple of 3073/);
  await put('data_batch_1.bin', records(0, 1, 10));
  expect(await message()).toMatch(/data_batch_1\.bin: record 2 \(from 0\) has label 10, expected 0 to 9/);
  await rm(join(folder, 'data_batch_1.bin'));
  await mkdir(join(folder, 'data_batch_1.bin'));
  expect(await message()).toMatch(/data_batch_1\.bin cannot be read/);
});
