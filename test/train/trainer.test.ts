import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { Evaluation } from '../../src/train/evaluation.ts';
import { DivergedError } from '../../src/train/health.ts';
import type { EpochMetrics } from '../../src/train/hooks.ts';
import { type Precision, shapesRecipe } from '../../src/train/recipe.ts';
import { type Start, Trainer } from '../../src/train/trainer.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { testDevice } from '../support/device.ts';
import { hasHalf } from '../support/half.ts';

const small = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
const recipe = { ...shapesRecipe, epochs: 2, batchSize: 8 };

test('trains epochs with a smaller last batch, and reports what the saved weights score', async () => {
  const device = await testDevice();
  const data = shapes({ train: 20, validation: 11 });
  const trainer = await Trainer.create(device, new YYNet(small), data, recipe, { seed: 1 });
  expect(trainer.stepsPerEpoch).toBe(3);
  const steps: number[] = [];
  const metrics = (await trainer.run({ onEpoch: ({ step }) => void steps.push(step) }))!;
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

test('a hook that waits for the step makes training no faster', async () => {
  const device = await testDevice();
  const data = shapes({ train: 20, validation: 11 });
  const trainer = await Trainer.create(device, new YYNet(small), data, { ...recipe, epochs: 1 }, { seed: 1 });
  let waited = 0;
  const onStep = async () => {
    const start = performance.now();
    await device.done();
    waited += performance.now() - start;
  };
  const metrics = (await trainer.run({ onStep }))!;
  // Twice, as the hook may hear of the step a little later.
  expect(metrics.images_per_second! * (waited / 1000)).toBeLessThan(2 * 20);
});

test('before the first step the average is the weights themselves', async () => {
  const device = await testDevice();
  const data = shapes({ train: 10, validation: 10 });
  const { parameters, optimizer } = await Trainer.create(device, new YYNet(small), data, recipe, { seed: 1 });
  expect(await device.read(optimizer.average)).toEqual(await device.read(parameters.values));
});

/** Dropout, amsgrad, augmentation, a smaller last batch: all that a resume could get wrong. */
const net = () => new YYNet({ ...small, dropout: 0.1 });

async function begin(precision: Precision, start: Start = { seed: 3 }) {
  const device = await testDevice();
  return Trainer.create(device, net(), shapes({ train: 20, validation: 11 }), { ...recipe, precision }, start);
}

test.each(['f32', 'mixed'] as const)(
  'stopped at any step and resumed, %s, training ends in the same bits',
  async (precision) => {
    if (precision === 'mixed' && !hasHalf(await testDevice())) return; // refused: see step.test.ts
    const whole = await begin(precision);
    const lines: EpochMetrics[] = [];
    await whole.run({ onEpoch: (metrics) => void lines.push(metrics) });
    const want = encodeCheckpoint(await whole.checkpoint());
    for (const stopAt of [1, 3, 5]) {
      const stop = new AbortController();
      const first = await begin(precision);
      await first.run({ onStep: (step) => (step === stopAt ? stop.abort() : undefined) }, { signal: stop.signal });
      expect(first.step).toBe(stopAt);
      const from = decodeCheckpoint(encodeCheckpoint(await first.checkpoint()));
      const second = await begin(precision, { from });
      const resumed: EpochMetrics[] = [];
      await second.run({ onEpoch: (metrics) => void resumed.push(metrics) });
      expect(resumed).toMatchObject(lines.slice(-resumed.length).map(({ images_per_second, ...rest }) => rest));
      // The second training took no step of the first epoch where the first one took all three.
      if (stopAt === 3) expect(resumed[0]).toMatchObject({ epoch: 1, images_per_second: undefined });
      expect(second.finished).toBe(true);
      expect(encodeCheckpoint(await second.checkpoint())).toEqual(want);
    }
  },
);

test('a stopped training goes on by itself as well, to the same bits', async () => {
  const whole = await begin('f32');
  await whole.run();
  const trainer = await begin('f32');
  const stop = new AbortController();
  await trainer.run({ onStep: (step) => (step === 2 ? stop.abort() : undefined) }, { signal: stop.signal });
  expect(trainer.step).toBe(2);
  await trainer.run();
  expect(encodeCheckpoint(await trainer.checkpoint())).toEqual(encodeCheckpoint(await whole.checkpoint()));
});

test('other pictures than those it began with are refused', async () => {
  const from = await (await begin('f32')).checkpoint();
  const device = await testDevice();
  const others = shapes({ train: 21, validation: 11 });
  await expect(Trainer.create(device, net(), others, recipe, { from })).rejects.toThrow(/training pictures are not/);
});

test('a loss that is not finite ends training at its step, with the weights as they were', async () => {
  const device = await testDevice();
  const data = shapes({ train: 20, validation: 11 });
  const trainer = await Trainer.create(device, new YYNet(small), data, { ...recipe, learningRate: 1e8 }, { seed: 1 });
  const first = trainer.run();
  await expect(first).rejects.toThrow(DivergedError);
  await expect(first).rejects.toThrow(/At step [2-6] .* was not finite.*learning rate, 100000000/);
  for (const value of await device.read(trainer.parameters.values)) expect(Number.isFinite(value)).toBe(true);
});

test('a batch that does not fit into memory is refused with the size of one that does', async () => {
  const device = await testDevice();
  const { train, validation } = shapes({ train: 1, validation: 1 });
  const many = { ...train, length: 4096, labels: new Int32Array(4096), read: () => {} };
  const large = { ...recipe, batchSize: 4096 };
  const wide = new YYNet({ ...presets['yynet-64'], hidden: 8 });
  const limit = device.gpu.limits.maxStorageBufferBindingSize;
  // The widest picture has 256 channels of 32 × 32 f32.
  const fits = 2 ** Math.floor(Math.log2(limit / (256 * 32 * 32 * 4)));
  await expect(Trainer.create(device, wide, { train: many, validation }, large, { seed: 1 })).rejects.toThrow(
    `A batch size of 4096 does not fit into the GPU's memory, a batch size of ${fits} should`,
  );
});
