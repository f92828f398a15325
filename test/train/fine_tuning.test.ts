import { expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { mobilenetV3Small } from '../../src/mobilenet/architecture.ts';
import { defineArchitecture } from '../../src/nn/architecture.ts';
import { Conv2d, Linear } from '../../src/nn/layers.ts';
import { Sequential } from '../../src/nn/module.ts';
import type { StateDict } from '../../src/nn/parameters.ts';
import { GlobalAvgPool } from '../../src/nn/stateless.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import type { EpochMetrics } from '../../src/train/hooks.ts';
import { type Recipe, shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { learntState } from '../interop/net.ts';
import { testDevice } from '../support/device.ts';

const small = {
  ...presets['yynet-16'],
  channels: 4,
  bodyChannels: 4,
  hidden: 8,
  branchBlocks: 1,
  bodyBlocks: 1,
  dropout: 0.1,
};
const data = shapes({ train: 20, validation: 11 });
const base: Recipe = { ...shapesRecipe, epochs: 3, batchSize: 8, batchStatistics: 'auto' };
const init = learntState(small);

async function begin(changes: Partial<Recipe>): Promise<Trainer> {
  const net = yynet.create(small);
  return Trainer.create(await testDevice(), net, data, { ...base, ...changes }, { seed: 3, init }) as Promise<Trainer>;
}

/** The names of the arrays that differ. */
const changed = (a: StateDict, b: StateDict) =>
  Object.keys(a).filter((name) => `${a[name].data}` !== `${b[name].data}`);
const isHead = (name: string) => name.startsWith('fc');

test('a training starts from the arrays that it is given, and is random elsewhere', async () => {
  const { 'fc2.weight': _, ...part } = init;
  const create = async (init?: StateDict) => {
    const recipe: Recipe = { ...base, batchStatistics: 'running' };
    const trainer = await Trainer.create(await testDevice(), yynet.create(small), data, recipe, { seed: 3, init });
    const state = await trainer.stateDict();
    trainer.dispose();
    return state;
  };
  const [random, started] = [await create(), await create(part)];
  expect(started).toEqual({ ...init, 'fc2.weight': random['fc2.weight'] });
  await expect(create({ nothing: init['fc2.bias'] })).rejects.toThrow("the model has no 'nothing'");
  await expect(create({ 'fc1.weight': init['fc2.bias'] })).rejects.toThrow("'fc1.weight' must be [8,4], got [10]");
});

test('first the head trains alone, then all, each by a schedule of its own', async () => {
  const trainer = await begin({ headEpochs: 1, headLearningRate: 0.02, learningRate: 0.001 });
  const rates: number[] = [];
  const states = [await trainer.stateDict()];
  const kernels: number[] = [];
  await trainer.run({
    onProgress: ({ phase, learningRate }) => void (phase === 'train' && rates.push(learningRate)),
    onEpoch: async () => {
      states.push(await trainer.stateDict());
      kernels.push(Object.keys(await trainer.parameters.readFlat(trainer.parameters.gradients)).length);
    },
  });
  expect(changed(states[0], states[1]).filter((name) => !isHead(name))).toEqual([]);
  expect(changed(states[0], states[1]).filter(isHead)).toHaveLength(4);
  expect(changed(states[1], states[2])).toHaveLength(Object.keys(init).length);
  // Gradients of the head only, then of all.
  expect(kernels).toEqual([4, expect.any(Number), kernels[1]]);
  expect(kernels[1]).toBeGreaterThan(30);
  expect(Math.max(...rates.slice(0, 3))).toBeGreaterThan(0.005);
  expect(Math.max(...rates.slice(3))).toBeLessThanOrEqual(0.001);
  // One Cycle ends near 0 in each phase.
  expect([rates[2], rates[8]].every((rate) => rate < 1e-6)).toBe(true);
});

test.each<[string, Partial<Recipe>]>([
  ['the head first', { headEpochs: 1, lrBackbone: 0.1 }],
  [
    'the head first, then without the first blocks, by SGD in micro-batches',
    {
      ...{ headEpochs: 2, freeze: 3, optimizer: 'sgd', microBatch: 5, averageDecay: 0 },
    },
  ],
])('stopped at any step and resumed, %s, training ends in the same bits', async (_, changes) => {
  const whole = await begin(changes);
  const lines: EpochMetrics[] = [];
  await whole.run({ onEpoch: (metrics) => void lines.push(metrics) });
  const want = encodeCheckpoint(await whole.checkpoint());
  whole.dispose();
  // In the first phase, between the phases, and in the second one; the third step ends the first epoch.
  for (const stopAt of [2, 3, 8]) {
    const stop = new AbortController();
    const first = await begin(changes);
    await first.run({ onStep: (step) => (step === stopAt ? stop.abort() : undefined) }, { signal: stop.signal });
    const from = decodeCheckpoint(encodeCheckpoint(await first.checkpoint()), [yynet]);
    first.dispose();
    const second = await Trainer.resume(await testDevice(), from, data);
    const resumed: EpochMetrics[] = [];
    await second.run({ onEpoch: (metrics) => void resumed.push(metrics) });
    expect(encodeCheckpoint(await second.checkpoint())).toEqual(want);
    expect(resumed.at(-1)!.val_loss).toBe(lines.at(-1)!.val_loss);
    second.dispose();
  }
});

test('resumed from the checkpoint of an epoch, at the border of the phases, training ends in the same bits', async () => {
  const whole = await begin({ headEpochs: 1 });
  const epochs: Uint8Array[] = [];
  await whole.run({ onEpoch: async () => void epochs.push(encodeCheckpoint(await whole.checkpoint())) });
  for (const bytes of epochs.slice(0, 2)) {
    const second = await Trainer.resume(await testDevice(), decodeCheckpoint(bytes, [yynet]), data);
    await second.run();
    expect(encodeCheckpoint(await second.checkpoint())).toEqual(epochs[2]);
    second.dispose();
  }
  whole.dispose();
});

test.each<[Recipe['freeze'], RegExp]>([
  [1, /^(yin|yang)\.0\./],
  [3, /^(yin|yang|body\.0)\./],
  ['body', /^(yin|yang|body)\./],
  ['head-only', /^(yin|yang|body|fc1)\./],
])('with freeze %s the rest trains, with less memory', async (freeze, frozen) => {
  const device = await testDevice();
  const used = async (freeze: Recipe['freeze']) => {
    const { inUse } = device.memory;
    const trainer = await begin({ freeze, epochs: 1 });
    return { trainer, memory: device.memory.inUse - inUse };
  };
  const all = await used(0);
  all.trainer.dispose();
  const { trainer, memory } = await used(freeze);
  expect(memory).toBeLessThan(all.memory);
  await trainer.run();
  const after = await trainer.stateDict();
  const untouched = Object.keys(init).filter((name) => `${init[name].data}` === `${after[name].data}`);
  expect(untouched).toEqual(Object.keys(init).filter((name) => frozen.test(name)));
  trainer.dispose();
});

test("MobileNetV3-Small's body is frozen, too", async () => {
  const net = mobilenetV3Small.create({ inputSize: 32, classes: 10, width: 0.15 });
  const recipe: Recipe = { ...base, epochs: 1, freeze: 'body' };
  const trainer = await Trainer.create(await testDevice(), net, data, recipe, { seed: 3 });
  const before = await trainer.stateDict();
  await trainer.run();
  expect(changed(before, await trainer.stateDict())).toEqual(['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias']);
  trainer.dispose();
});

const nameless = defineArchitecture({
  name: 'nameless parts',
  config: { inputSize: 32, inputChannels: 3, classes: 10 },
  build: () => new Sequential(new Conv2d(3, 4, 3, { stride: 2 }), new GlobalAvgPool(), new Linear(4, 10)),
});

test.each<[string, Partial<Recipe>, RegExp]>([
  ['more blocks than there are', { freeze: 5 }, /'freeze' in the recipe must be at most 4, .* got 5/],
  ['a negative number', { freeze: -1 }, /'freeze' in the recipe is wrong/],
  ['the head alone for all epochs', { headEpochs: 3 }, /'head_epochs' in the recipe must be less than its 3 epochs/],
  ['no learning rate for the body', { lrBackbone: 0 }, /'lrBackbone' in the recipe is wrong/],
])('%s is refused before training', async (_, changes, message) => {
  await expect(begin(changes)).rejects.toThrow(message);
});

test('an architecture that does not tell its parts cannot be frozen by a recipe', async () => {
  const device = await testDevice();
  const create = (changes: Partial<Recipe>) =>
    Trainer.create(device, nameless.create(), data, { ...base, ...changes }, { seed: 1 });
  for (const changes of [{ freeze: 'body' }, { headEpochs: 1 }, { lrBackbone: 0.5 }] as const) {
    await expect(create(changes)).rejects.toThrow(
      "architecture 'nameless parts' does not say what its body and head are",
    );
  }
});
