import { expect, test } from 'vitest';
import { readCifar100 } from '../../src/data/cifar100-folder.ts';
import { cifarRecords, complaint, put, temporaryFolder } from './files.ts';

const names = Array.from({ length: 100 }, (_, i) => `class ${i}`);

test('reads the fine labels and their names, in the folder or its parent', async () => {
  const parent = await temporaryFolder();
  await put(parent, {
    'cifar-100-binary/train.bin': cifarRecords([19, 99], [3, 7]),
    'cifar-100-binary/test.bin': cifarRecords([0, 50]),
    'cifar-100-binary/fine_label_names.txt': `${names.join('\n')}\n`,
    'cifar-100-binary/coarse_label_names.txt': 'ignored',
  });
  const { train, validation } = await readCifar100(parent);
  expect(train).toMatchObject({ name: 'cifar100', length: 2, channels: 3, height: 32, width: 32, classes: names });
  expect([...train.labels]).toEqual([99, 7]);
  expect([...train.images.subarray(3072, 3075)]).toEqual([7, 8, 9]);
  expect([...validation.labels]).toEqual([50]);
});

test('says which file is missing or broken and how', async () => {
  const folder = await temporaryFolder();
  const message = () => complaint(readCifar100(folder));
  await put(folder, { 'train.bin': cifarRecords([0, 1]), 'test.bin': cifarRecords([0, 1]) });
  expect(await message()).toMatch(/fine_label_names\.txt cannot be read/);
  await put(folder, { 'fine_label_names.txt': 'apple\nbear\n' });
  expect(await message()).toMatch(/fine_label_names\.txt has 2 lines; expected .* 100/);
  await put(folder, { 'fine_label_names.txt': names.join('\r\n'), 'train.bin': cifarRecords([0, 100]) });
  expect(await message()).toMatch(/train\.bin: record 0 \(from 0\) has label 100, expected 0 to 99/);
  await put(folder, { 'train.bin': cifarRecords([0, 1]).subarray(1) });
  expect(await message()).toMatch(/train\.bin is truncated .* 3073 bytes, expected a multiple of 3074/);
});
