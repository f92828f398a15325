import { expect, test } from 'vitest';
import { batches, type Dataset, gather, imageSize, take } from '../../src/data/dataset.ts';
import { Random } from '../../src/data/random.ts';

/** Five images of one channel and two pixels: 10 11, 20 21, ... */
const dataset: Dataset = {
  name: 'tiny',
  classes: ['a', 'b'],
  channels: 1,
  height: 1,
  width: 2,
  images: Uint8Array.of(10, 11, 20, 21, 30, 31, 40, 41, 50, 51),
  labels: Int32Array.of(0, 1, 0, 1, 0),
  length: 5,
};

test('take keeps the first images', () => {
  const cut = take(dataset, 2);
  expect([cut.length, [...cut.images], [...cut.labels]]).toEqual([2, [10, 11, 20, 21], [0, 1]]);
  expect(imageSize(cut)).toBe(2);
  expect(take(dataset, Infinity).length).toBe(5);
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

test('gather copies into the start of the given arrays', () => {
  const images = new Uint8Array(6);
  const labels = new Int32Array(3).fill(9);
  gather(dataset, Uint32Array.of(3, 0), images, labels);
  expect([...images]).toEqual([40, 41, 10, 11, 0, 0]);
  expect([...labels]).toEqual([1, 0, 9]);
});
