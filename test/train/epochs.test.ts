import { expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { OneCycle } from '../../src/nn/schedule.ts';
import type { EpochMetrics } from '../../src/train/hooks.ts';
import { shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { testDevice } from '../support/device.ts';

// What must differ from epoch to epoch and from step to step.

test('each epoch has another order, each step another seed, and weight decay follows the rate from the second epoch on', async () => {
  const device = await testDevice();
  const { train, validation } = shapes({ train: 24, validation: 4 });
  const seen: number[] = [];
  const watched = {
    ...train,
    read: (indices: Uint32Array, images: Uint8Array) => {
      seen.push(...indices);
      return train.read(indices, images);
    },
  };
  const config = { ...presets['yynet-16'], channels: 2, bodyChannels: 2, hidden: 4 };
  // Running statistics as training leaves them: to estimate them anew reads the pictures once more.
  const recipe = { ...shapesRecipe, epochs: 3, batchSize: 8, batchStatistics: 'running' } as const;
  const data = { train: watched, validation };
  const trainer = await Trainer.create(device, yynet.create(config), data, recipe, { seed: 5 });
  seen.length = 0; // what checked the pictures read
  const seeds: number[][] = [];
  const epochs: EpochMetrics[] = [];
  await trainer.run({
    onStep: async () => void seeds.push([...(await device.read(trainer.seed))]),
    onEpoch: (metrics) => void epochs.push(metrics),
  });
  trainer.dispose();

  const orders = [0, 1, 2].map((epoch) => seen.slice(24 * epoch, 24 * (epoch + 1)));
  for (const order of orders) expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i));
  expect(new Set(orders.map((order) => order.join())).size).toBe(3);

  expect(seeds).toEqual(Array.from({ length: 9 }, (_, step) => [5, step]));

  const { learningRate, weightDecayFactor } = recipe;
  const schedule = new OneCycle(learningRate, 9);
  const rates = [learningRate, schedule.at(3).learningRate, schedule.at(6).learningRate];
  epochs.forEach(({ weight_decay }, i) => {
    expect(weight_decay).toBeCloseTo(weightDecayFactor * rates[i], 10);
  });
  expect(rates[1]).not.toBeCloseTo(learningRate, 4);
});
