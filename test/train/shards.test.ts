import { expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import type { EpochMetrics } from '../../src/train/hooks.ts';
import { type Recipe, shapesRecipe } from '../../src/train/recipe.ts';
import { shardsOf } from '../../src/train/shards.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { testDevice } from '../support/device.ts';
import { groupOf } from '../support/group.ts';
import { hasHalf } from '../support/half.ts';
import { smallNet, takeStep } from '../support/one_step.ts';
import { relativeError } from '../support/op.ts';

test('a batch is cut into shards of nearly equal size, without empty ones', () => {
  expect(shardsOf(10, 4)).toEqual([
    { index: 0, first: 0, size: 2 },
    { index: 1, first: 2, size: 3 },
    { index: 2, first: 5, size: 2 },
    { index: 3, first: 7, size: 3 },
  ]);
  expect(shardsOf(3, 4).map(({ index, size }) => [index, size])).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
});

test('gradients and running statistics are the means of those of the shards, weighted by their pictures', async () => {
  const { state, gradients, loss, correct } = await takeStep([0, 1, 2, 3, 4], { shards: 2 });
  const [a, b] = [await takeStep([0, 1]), await takeStep([2, 3, 4])];
  const mean = (x: ArrayLike<number>, y: ArrayLike<number>) => Array.from(x, (value, i) => 0.4 * value + 0.6 * y[i]);
  expect(relativeError(gradients, mean(a.gradients, b.gradients))).toBeLessThan(1e-6);
  expect(loss).toBeCloseTo(0.4 * a.loss + 0.6 * b.loss, 5);
  expect(correct).toBe(a.correct + b.correct);
  const statistics = Object.keys(state).filter((name) => name.includes('running_'));
  expect(statistics.length).toBeGreaterThan(10);
  for (const name of statistics) {
    expect(relativeError(state[name].data, mean(a.state[name].data, b.state[name].data)), name).toBeLessThan(1e-6);
  }
});

test('shards of the same pictures have the gradient of one batch of them, but for rounding', async () => {
  const indices = Array.from({ length: 16 }, (_, i) => i);
  const twice = await takeStep([...indices, ...indices], { shards: 2 });
  const whole = await takeStep([...indices, ...indices]);
  expect(relativeError(twice.gradients, whole.gradients)).toBeLessThan(2e-3);
});

const data = shapes({ train: 27, validation: 21 });

/** Trains on several ranks of this process, stops after `stops` steps to go on with other numbers of ranks. */
async function trainOn(
  ranks: readonly number[],
  changes: Partial<Recipe> = {},
): Promise<{ bytes: Uint8Array; metrics: EpochMetrics[] }> {
  const device = await testDevice();
  const recipe = { ...shapesRecipe, epochs: 2, batchSize: 12, shards: 4, ...changes };
  let bytes: Uint8Array | undefined;
  const metrics: EpochMetrics[] = [];
  for (const [i, n] of ranks.entries()) {
    const members = groupOf(n).map(async (group) => {
      const net = yynet.create({ ...smallNet, dropout: 0.2 });
      const checkpoint = bytes && decodeCheckpoint(bytes, [yynet]);
      using trainer = checkpoint
        ? await Trainer.resume(device, checkpoint, data, group)
        : await Trainer.create(device, net, data, recipe, { seed: 1, group });
      const onEpoch = ({ images_per_second: _, ...epoch }: EpochMetrics) =>
        void (group.rank === 0 && metrics.push(epoch));
      await trainer.run({ onEpoch }, { maxSteps: i < ranks.length - 1 ? 2 * (i + 1) : undefined });
      return encodeCheckpoint(await trainer.checkpoint());
    });
    const all = await Promise.all(members);
    for (const other of all) expect(other).toEqual(all[0]);
    bytes = all[0];
  }
  return { bytes: bytes!, metrics };
}

test('any number of ranks ends with the same bits, whole or resumed with another number, though the last batch has fewer pictures than shards', async () => {
  const expected = await trainOn([1]);
  expect(await trainOn([3])).toEqual(expected);
  expect((await trainOn([1, 2])).bytes).toEqual(expected.bytes);
});

test('so it is in mixed precision, with mixup, class weights, SGD and estimated statistics', async () => {
  const changes: Partial<Recipe> = {
    ...{ precision: hasHalf(await testDevice()) ? 'mixed' : 'f32', mixup: 0.2, balance: true },
    ...{ optimizer: 'sgd', averageDecay: 0.9, batchStatistics: 'recomputed' },
  };
  const expected = await trainOn([1], changes);
  expect((await trainOn([2], changes)).bytes).toEqual(expected.bytes);
});

test('a loss that is not finite ends training on all ranks', async () => {
  const device = await testDevice();
  const groups = groupOf(2);
  const outcomes = groups.map(async (group) => {
    const recipe = { ...shapesRecipe, epochs: 1, batchSize: 12, shards: 2, learningRate: 1e20 };
    using trainer = await Trainer.create(device, yynet.create(smallNet), data, recipe, { seed: 1, group });
    await trainer.run();
  });
  for (const outcome of await Promise.allSettled(outcomes)) {
    expect(outcome).toMatchObject({ reason: { name: 'DivergedError', message: expect.stringMatching(/^At step \d/) } });
  }
});

test('more shards than a batch has pictures are refused, and so are micro-batches within shards', async () => {
  const device = await testDevice();
  const create = (changes: Partial<Recipe>) =>
    Trainer.create(device, yynet.create(smallNet), data, { ...shapesRecipe, ...changes }, { seed: 1 });
  await expect(create({ batchSize: 12, shards: 13 })).rejects.toThrow(
    "'shards' in the recipe must be at most 12, the pictures of a batch, got 13.",
  );
  await expect(create({ batchSize: 12, shards: 2, microBatch: 3 })).rejects.toThrow(
    "'micro_batch' and 'shards' in the recipe exclude each other: the GPU works on one shard at a time.",
  );
});
