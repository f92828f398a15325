import { expect, test } from 'vitest';
import { type Dataset, inMemory, subset } from '../../src/data/dataset.ts';
import { fingerprint } from '../../src/data/fingerprint.ts';
import { shapes } from '../../src/data/shapes.ts';

const { train } = shapes({ train: 100, validation: 1 });
const changed = (change: Partial<Dataset>) => fingerprint(inMemory({ ...train, ...change }));

test('is the same for the same pictures, wherever they lie and whatever they are called', async () => {
  const print = await fingerprint(train);
  // Pinned: checkpoints keep it.
  expect(print).toBe('22c7e981cb8242ed');
  expect(await changed({ name: 'other' })).toBe(print);
  const all = subset(
    train,
    Uint32Array.from({ length: 100 }, (_, i) => i),
  );
  expect(await fingerprint(all)).toBe(print);
});

test('tells other labels, classes, pixels, numbers and orders apart', async () => {
  const prints = [
    await fingerprint(train),
    await changed({ labels: train.labels.map((label, i) => (i === 99 ? 0 : label)) }),
    await changed({ classes: train.classes.map((name) => name.toUpperCase()) }),
    await changed({ images: train.images.map((value) => value ^ 1) }),
    await changed({ height: 16, width: 64 }),
    await fingerprint(
      subset(
        train,
        Uint32Array.from({ length: 99 }, (_, i) => i),
      ),
    ),
    await fingerprint(
      subset(
        train,
        Uint32Array.from({ length: 100 }, (_, i) => 99 - i),
      ),
    ),
  ];
  expect(new Set(prints).size).toBe(prints.length);
});
