import { expect, test } from 'vitest';
import { batches, inMemory, loadBatches, type Pictures, subset } from '../../src/data/dataset.ts';
import { Random } from '../../src/data/random.ts';

/** Five images of one channel and two pixels: 10 11, 20 21, ... */
const dataset = inMemory({
  name: 'tiny',
  classes: ['a', 'b'],
  channels: 1,
  height: 1,
  width: 2,
  images: Uint8Array.of(10, 11, 20, 21, 30, 31, 40, 41, 50, 51),
  labels: Int32Array.of(0, 1, 0, 1, 0),
});

test('batches go in order without a generator and keep the smaller last one', () => {
  expect([...batches(5, 2)].map((batch) => [...batch])).toEqual([[0, 1], [2, 3], [4]]);
});

test('a shuffled epoch has every index once, in another order each time', () => {
  const random = new Random(1);
  const epochs = [1, 2].map(() => [...batches(100, 16, random)].flatMap((batch) => [...batch]));
  for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
  expect(epochs[0]).not.toEqual(epochs[1]);
  expect([...batches(100, 16, new Random(1))].flatMap((batch) => [...batch])).toEqual(epochs[0]);
});

test('a subset has the chosen images in the chosen order', async () => {
  const chosen = subset(subset(dataset, Uint32Array.of(4, 1, 3)), Uint32Array.of(2, 0));
  expect([chosen.length, [...chosen.labels], chosen.classes]).toEqual([2, [1, 0], ['a', 'b']]);
  const images = new Uint8Array(4);
  await chosen.read(Uint32Array.of(1, 0), images);
  expect([...images]).toEqual([50, 51, 40, 41]);
});

/** Like the data set, but each read takes as long as `wait` says. */
const slow = (wait: (read: number) => Promise<void>): Pictures & { reads: number } => ({
  ...dataset,
  reads: 0,
  async read(indices, images) {
    await wait(++this.reads);
    dataset.read(indices, images);
  },
});

test('batches are loaded with their labels, the smaller last one at the start of its arrays', async () => {
  const loaded: unknown[] = [];
  for await (const { images, labels, count } of loadBatches(dataset, 2, batches(5, 2))) {
    expect([images.length, labels.length]).toEqual([4, 2]);
    loaded.push({ images: [...images.subarray(0, 2 * count)], labels: [...labels.subarray(0, count)] });
  }
  expect(loaded).toEqual([
    { images: [10, 11, 20, 21], labels: [0, 1] },
    { images: [30, 31, 40, 41], labels: [0, 1] },
    { images: [50, 51], labels: [0] },
  ]);
});

test('one batch is read ahead, and no more', async () => {
  const pictures = slow(async () => {});
  const loading = loadBatches(pictures, 1, batches(5, 1));
  const first = (await loading.next()).value!;
  expect(pictures.reads).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([pictures.reads, first.images[0]]).toEqual([2, 10]);
  const second = (await loading.next()).value!;
  expect([pictures.reads, second.images[0]]).toEqual([3, 20]);
  await loading.return();
});

test('a failed read is told to who asks for its batch', async () => {
  const pictures = slow(async (read) => {
    if (read === 2) throw new Error('the disk is gone');
  });
  const loading = loadBatches(pictures, 1, batches(5, 1));
  expect((await loading.next()).value!.count).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await expect(loading.next()).rejects.toThrow('the disk is gone');
});
