import { expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { classWeights } from '../../src/train/class_weights.ts';
import { mixupShare } from '../../src/train/mixup.ts';
import { augmentations, shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { testDevice } from '../support/device.ts';

/** Of max(X, 1 − X) where X is of Beta(a, a): for a = 1 uniform from 1/2 to 1; for others by numerical integration. */
const MEANS = { 0.2: 0.8988, 1: 0.75, 4: 0.6367 };

test.each(Object.entries(MEANS))('shares of mixup are of Beta(%s, %s)', (alpha, mean) => {
  const shares = Array.from({ length: 20_000 }, (_, step) => mixupShare(3, step, Number(alpha)));
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.5);
  expect(Math.max(...shares)).toBeLessThanOrEqual(1);
  expect(shares.reduce((a, b) => a + b) / shares.length).toBeCloseTo(mean, 2);
  expect(mixupShare(3, 7, Number(alpha))).toBe(shares[7]);
});

test('classes have the same part of the loss, those without pictures none', () => {
  const weights = classWeights({ labels: Int32Array.of(0, 0, 0, 2, 0, 0, 0), classes: ['a', 'b', 'c'] });
  expect([...weights]).toEqual([7 / 12, 0, 3.5].map(Math.fround));
});

test('a training with strong augmentation and balanced classes resumes to the bit', async () => {
  const device = await testDevice();
  const { train, validation } = shapes({ train: 23, validation: 5 });
  const labels = train.labels.map((label, i) => (i % 3 === 0 ? label : 0));
  const data = { train: { ...train, labels }, validation };
  const recipe = { ...shapesRecipe, ...augmentations.strong, balance: true, epochs: 2, batchSize: 8 };
  const net = yynet.create({ ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 });
  const bytesOf = async (trainer: Trainer) => encodeCheckpoint(await trainer.checkpoint());
  const run = async (changes = {}, maxSteps?: number) => {
    using trainer = await Trainer.create(device, net, data, { ...recipe, ...changes }, { seed: 1 });
    await trainer.run({}, { maxSteps });
    return await bytesOf(trainer as unknown as Trainer);
  };
  const whole = await run();
  using stopped = await Trainer.create(device, net, data, recipe, { seed: 1 });
  await stopped.run({}, { maxSteps: 4 });
  const checkpoint = decodeCheckpoint(await bytesOf(stopped as unknown as Trainer), [yynet]);
  using resumed = await Trainer.resume(device, checkpoint, data);
  await resumed.run();
  expect(await bytesOf(resumed as Trainer)).toEqual(whole);
  // Each setting changes the weights.
  const once = await run({}, 1);
  for (const changes of [{ mixup: 0 }, { balance: false }, { rotation: 0 }, { saturation: 0 }, { erase: 0 }]) {
    expect(await run(changes, 1), Object.keys(changes)[0]).not.toEqual(once);
  }
});
