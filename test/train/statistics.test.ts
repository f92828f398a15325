import { expect, test } from 'vitest';
import { batches } from '../../src/data/dataset.ts';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { defineArchitecture } from '../../src/nn/architecture.ts';
import { MBConv } from '../../src/nn/blocks.ts';
import { BatchNorm2d, Conv2d, Linear } from '../../src/nn/layers.ts';
import { Sequential } from '../../src/nn/module.ts';
import type { StateDict } from '../../src/nn/parameters.ts';
import { GlobalAvgPool } from '../../src/nn/stateless.ts';
import { paperRecipe, type Recipe, shapesRecipe } from '../../src/train/recipe.ts';
import { recomputes } from '../../src/train/statistics.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { testDevice } from '../support/device.ts';

const architecture = defineArchitecture({
  name: 'norms',
  config: { inputSize: 32, inputChannels: 3, classes: 10 },
  build: () =>
    new Sequential(
      ...[new BatchNorm2d(3), new Conv2d(3, 4, 3, { stride: 2 }), new BatchNorm2d(4).freeze()],
      ...[new MBConv(4, 4, 2, { bn0: false }), new GlobalAvgPool(), new Linear(4, 10)],
    ),
});

const data = shapes({ train: 32, validation: 10 });
const recipe: Recipe = { ...shapesRecipe, epochs: 1, batchSize: 8, averageDecay: 0.5, batchStatistics: 'recomputed' };

/** Runs an epoch, after `before`, and returns the state that it leaves. */
async function train(changes: Partial<Recipe> = {}, before = async (_: Trainer) => {}): Promise<StateDict> {
  const trainer = await Trainer.create(
    await testDevice(),
    architecture.create(),
    data,
    { ...recipe, ...changes },
    {
      seed: 1,
    },
  );
  await before(trainer);
  const metrics = await trainer.run();
  expect(metrics!.statistics_seconds !== undefined).toBe(changes.batchStatistics !== 'running');
  return trainer.stateDict();
}

test('the statistics are means over batches of pictures as they are', async () => {
  const state = await train();
  const used = [...batches(32, 8, new Random(0, 4))].slice(0, 2);
  for (const [channel, mean] of recipe.mean.entries()) {
    const moments = used.map((indices) => {
      const values = [...indices].flatMap((picture) =>
        [...data.train.images.subarray((3 * picture + channel) * 1024, (3 * picture + channel + 1) * 1024)].map(
          (pixel) => (pixel / 255 - mean) / recipe.std[channel],
        ),
      );
      const average = values.reduce((sum, value) => sum + value) / values.length;
      return [average, values.reduce((sum, value) => sum + (value - average) ** 2, 0) / (values.length - 1)];
    });
    const wanted = [0, 1].map((i) => (moments[0][i] + moments[1][i]) / 2);
    expect(state['0.running_mean'].data[channel]).toBeCloseTo(wanted[0], 4);
    expect(state['0.running_var'].data[channel]).toBeCloseTo(wanted[1], 4);
  }
});

test('they hang on the weights alone; those of frozen and unused normalisations stay', async () => {
  const state = await train();
  const spoil = async (trainer: Trainer) => {
    const before = await trainer.parameters.stateDict();
    for (const name of Object.keys(before))
      if (/^[03].*running/.test(name) && !/bn0/.test(name)) before[name].data.fill(7);
    trainer.parameters.loadStateDict(before);
  };
  expect(await train({}, spoil)).toEqual(state);
  for (const norm of ['2', '3.bn0']) {
    expect(state[`${norm}.running_mean`].data.every((mean) => mean === 0)).toBe(true);
    expect(state[`${norm}.running_var`].data.every((variance) => variance === 1)).toBe(true);
  }
});

test('the weights are those of training with running statistics', async () => {
  const [anew, running] = [await train(), await train({ batchStatistics: 'running' })];
  const differing = Object.keys(anew).filter((name) => `${anew[name].data}` !== `${running[name].data}`);
  expect(differing.length).toBeGreaterThan(0);
  for (const name of differing) expect(name).toMatch(/running/);
});

test('auto estimates anew where an epoch is short', () => {
  const auto = { ...recipe, batchStatistics: 'auto' } as const;
  expect([recomputes(auto, 49), recomputes(auto, 50)]).toEqual([true, false]);
  expect([recomputes(recipe, 1000), recomputes({ ...recipe, batchStatistics: 'running' }, 1)]).toEqual([true, false]);
  expect(paperRecipe.batchStatistics).toBe('running');
});
