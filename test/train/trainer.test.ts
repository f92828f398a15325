import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { Evaluation } from '../../src/train/evaluation.ts';
import { shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { testDevice } from '../support/device.ts';

const small = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
const recipe = { ...shapesRecipe, epochs: 2, batchSize: 8 };

test('trains epochs with a smaller last batch, and reports what the saved weights score', async () => {
  const device = await testDevice();
  const data = shapes({ train: 20, validation: 11 });
  const trainer = await Trainer.create(device, new YYNet(small), data, recipe, 1);
  expect(trainer.stepsPerEpoch).toBe(3);
  const steps: number[] = [];
  const metrics = await trainer.run({ onEpoch: ({ step }) => void steps.push(step) });
  expect(steps).toEqual([3, 6]);
  expect(metrics.epoch).toBe(2);
  expect(metrics.learning_rate).toBeCloseTo(recipe.learningRate / 25 / 1e4, 12);

  const net = new YYNet(small);
  new ParameterSet(device, net, new Random(9)).loadStateDict(await trainer.stateDict());
  const evaluation = await Evaluation.record(device, net, data.validation, 4, recipe);
  const { loss, accuracy } = await evaluation.run();
  expect(accuracy).toBe(metrics.val_accuracy);
  expect(loss).toBeCloseTo(metrics.val_loss, 4);
});

test('before the first step the average is the weights themselves', async () => {
  const device = await testDevice();
  const data = shapes({ train: 10, validation: 10 });
  const { parameters, optimizer } = await Trainer.create(device, new YYNet(small), data, recipe, 1);
  expect(await device.read(optimizer.average)).toEqual(await device.read(parameters.values));
});
