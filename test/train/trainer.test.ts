import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { Evaluation } from '../../src/train/evaluation.ts';
import { DivergedError } from '../../src/train/health.ts';
import type { EpochMetrics } from '../../src/train/hooks.ts';
import { type Precision, shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { testDevice } from '../support/device.ts';
import { hasHalf } from '../support/half.ts';

const small = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
const recipe = { ...shapesRecipe, epochs: 2, batchSize: 8, batchStatistics: 'auto' } as const;

test('trains epochs with a smaller last batch, and reports what the saved weights score', async () => {
  const device = await testDevice();
  const data = shapes({ train: 20, validation: 11 });
  const trainer = await Trainer.create(device, yynet.create(small), data, recipe, { seed: 1 });
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
  const trainer = await Trainer.create(device, yynet.create(small), data, { ...recipe, epochs: 1 }, { seed: 1 });
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
  const { parameters, optimizer } = await Trainer.create(device, yynet.create(small), data, recipe, { seed: 1 });
  expect(await device.read(optimizer.average)).toEqual(await device.read(parameters.values));
});

/** Dropout, amsgrad, augmentation, a smaller last batch: all that a resume could get wrong. */
async function begin(precision: Precision) {
  const net = yynet.create({ ...small, dropout: 0.1 });
  return Trainer.create(await testDevice(), net, data, { ...recipe, precision }, { seed: 3 });
}

const data = shapes({ train: 20, validation: 11 });

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
      const from = decodeCheckpoint(encodeCheckpoint(await first.checkpoint()), [yynet]);
      const second = await Trainer.resume(await testDevice(), from, data);
      const resumed: EpochMetrics[] = [];
      await second.run({ onEpoch: (metrics) => void resumed.push(metrics) });
      expect(resumed).toMatchObject(
        lines.slice(-resumed.length).map(({ images_per_second, statistics_seconds, ...rest }) => rest),
      );
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

test('checkpoints in between change no bit', async () => {
  const whole = await begin('f32');
  await whole.run();
  const trainer = await begin('f32');
  await trainer.run({ onStep: async () => void (await trainer.checkpoint()) });
  expect(encodeCheckpoint(await trainer.checkpoint())).toEqual(encodeCheckpoint(await whole.checkpoint()));
});

test('profiling leaves the training where it was', async () => {
  const whole = await begin('f32');
  await whole.run();
  const trainer = await begin('f32');
  const stop = new AbortController();
  await trainer.run({ onStep: (step) => (step === 2 ? stop.abort() : undefined) }, { signal: stop.signal });
  const { runs } = await trainer.profile(2);
  expect(runs.length).toBe(2);
  expect(trainer.step).toBe(2);
  await trainer.run();
  expect(encodeCheckpoint(await trainer.checkpoint())).toEqual(encodeCheckpoint(await whole.checkpoint()));
});

test('50 trainers made and disposed of leave no memory in use', async () => {
  const device = await testDevice();
  const net = yynet.create(small);
  const create = async () => (await Trainer.create(device, net, data, recipe, { seed: 1 })).dispose();
  await create();
  const { inUse } = device.memory;
  for (let i = 0; i < 50; i++) await create();
  expect(device.memory.inUse).toBe(inUse);
});

test.each([
  ['pictures of another size', { inputSize: 16 }, {}, /takes pictures of 3×16×16, but those of shapes are 3×32×32/],
  ['another number of classes', { classes: 9 }, {}, /net has 9 classes, but shapes has 10/],
  ['a label that is no class', {}, { labels: new Int32Array(20).fill(10) }, /label 10, expected 0 to 9/],
  ['no pictures', {}, { length: 0, labels: new Int32Array() }, /no pictures to train on/],
])('%s is refused before training', async (_, config, pictures, message) => {
  const wrong = { ...data, train: { ...data.train, ...pictures } };
  const creating = Trainer.create(await testDevice(), yynet.create({ ...small, ...config }), wrong, recipe, {
    seed: 1,
  });
  await expect(creating).rejects.toThrow(message);
});

test.each([
  ['a negative learning rate', { learningRate: -1 }, /'learningRate' in the recipe is wrong/],
  ['label smoothing of 2', { labelSmoothing: 2 }, /'labelSmoothing' in the recipe is wrong/],
  ['one and a half epochs', { epochs: 1.5 }, /'epochs' in the recipe is wrong/],
])('a recipe with %s is refused before training', async (_, changes, message) => {
  const creating = Trainer.create(
    await testDevice(),
    yynet.create(small),
    data,
    { ...recipe, ...changes },
    { seed: 1 },
  );
  await expect(creating).rejects.toThrow(message);
});

test('a position that is not one of these pictures is refused', async () => {
  const from = await (await begin('f32')).checkpoint();
  const position = { ...from.training!.position, epoch: 2, step: 4 };
  const device = await testDevice();
  const { inUse } = device.memory;
  const resuming = Trainer.resume(device, { ...from, training: { ...from.training!, position } }, data);
  await expect(resuming).rejects.toThrow(/position is impossible: step 4 is not batch 0 of epoch 2/);
  expect(device.memory.inUse).toBe(inUse);
});

test('other pictures than those it began with are refused', async () => {
  const from = await (await begin('f32')).checkpoint();
  const device = await testDevice();
  const others = shapes({ train: 21, validation: 11 });
  await expect(Trainer.resume(device, from, others)).rejects.toThrow(/training pictures are not/);
});

test('a loss that is not finite ends training at its step, with the weights as they were', async () => {
  const device = await testDevice();
  const data = shapes({ train: 20, validation: 11 });
  const trainer = await Trainer.create(
    device,
    yynet.create(small),
    data,
    { ...recipe, learningRate: 1e8 },
    { seed: 1 },
  );
  const first = trainer.run();
  await expect(first).rejects.toThrow(DivergedError);
  await expect(first).rejects.toThrow(/At step [2-6] .* was not finite.*learning rate, 100000000/);
  for (const value of await device.read(trainer.parameters.values)) expect(Number.isFinite(value)).toBe(true);
});

test('in mixed precision weights that overflow end training, and nothing of it can be saved', async () => {
  const device = await testDevice();
  if (!hasHalf(device)) return; // refused: see step.test.ts
  const wild = { ...recipe, precision: 'mixed', batchStatistics: 'running', learningRate: 1e3, epochs: 4 } as const;
  const trainer = await Trainer.create(device, yynet.create(small), data, wild, { seed: 1 });
  const finished: EpochMetrics[] = [];
  const running = trainer.run({ onEpoch: (metrics) => void finished.push(metrics) });
  await expect(running).rejects.toThrow(DivergedError);
  await expect(running).rejects.toThrow(/not finite.*learning rate, 1000 .*use f32/);
  for (const line of finished) for (const value of Object.values(line)) expect(Number.isFinite(value)).toBe(true);
  const state = await trainer.stateDict();
  for (const { data } of Object.values(state)) expect(data.every(Number.isFinite)).toBe(true);
});

test('a validation loss that is not finite ends training, as a training loss does', async () => {
  const device = await testDevice();
  const plain = { ...recipe, batchStatistics: 'running' } as const;
  const trainer = await Trainer.create(device, yynet.create(small), data, plain, { seed: 1 });
  const state = await trainer.stateDict();
  const name = Object.keys(state).find((key) => key.endsWith('running_var'))!;
  // What only evaluation reads.
  const ruin = async () => {
    state[name].data.fill(Number.NaN);
    trainer.parameters.loadStateDict(state);
  };
  const running = trainer.run({ onStep: (step) => (step === 3 ? ruin() : undefined) });
  await expect(running).rejects.toThrow(/After step 3 the validation loss was not finite/);
  await expect(running).rejects.toThrow(DivergedError);
});

test('a batch that does not fit into memory is run in micro-batches that do', async () => {
  const device = await testDevice();
  const { train, validation } = shapes({ train: 1, validation: 1 });
  const many = { ...train, length: 4096, labels: new Int32Array(4096), read: () => {} };
  const large = { ...recipe, batchSize: 4096 };
  const limit = device.gpu.limits.maxStorageBufferBindingSize;
  // The widest picture has 16 channels of 32 × 32 f32.
  const fits = 2 ** Math.floor(Math.log2(limit / (16 * 32 * 32 * 4)));
  using trainer = await Trainer.create(device, yynet.create(small), { train: many, validation }, large, { seed: 1 });
  expect(trainer.recipe).toEqual({ ...large, microBatch: fits });
});

test('with patience, training ends when the accuracy no longer rises, also after a resume', async () => {
  const device = await testDevice();
  const data = shapes({ train: 16, validation: 4 });
  // A rate at which nothing is learned in a few steps.
  const slow = { ...recipe, epochs: 9, schedule: 'constant', learningRate: 1e-9, patience: 2 } as const;
  using trainer = await Trainer.create(device, yynet.create(small), data, slow, { seed: 1 });
  expect(await trainer.run()).toMatchObject({ epoch: 3 });
  expect(trainer.finished).toBe(true);
  using stopped = await Trainer.create(device, yynet.create(small), data, slow, { seed: 1 });
  await stopped.run({}, { maxSteps: 4 });
  const checkpoint = decodeCheckpoint(encodeCheckpoint(await stopped.checkpoint()), [yynet]);
  using resumed = await Trainer.resume(device, checkpoint, data);
  expect(await resumed.run()).toMatchObject({ epoch: 3 });
});
