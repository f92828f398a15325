import { beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { gpuCapabilities } from '../../src/runtime/capabilities.ts';
import type { Device } from '../../src/runtime/device.ts';
import { type Precision, paperRecipe } from '../../src/train/recipe.ts';
import { requirePrecision, type StepContext, trainingStep } from '../../src/train/step.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { openDevice, testDevice } from '../support/device.ts';
import { hasHalf } from '../support/half.ts';

const SETTINGS = { learningRate: 1e-3, weightDecay: 1e-2, beta1: 0.9 };
const BATCH = 6;

let device: Device;
beforeAll(async () => {
  device = await testDevice();
});

/** A small net with dropout about to be trained on the first images of `shapes`. */
function begin(precision: Precision = 'f32') {
  const net = new YYNet({ ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8, dropout: 0.1 });
  const parameters = new ParameterSet(device, net, new Random(1));
  const optimizer = new AdamW(device, parameters, {
    ...{ amsgrad: true, maxNorm: 1, averageDecay: 0.9 },
    scaled: precision === 'mixed',
  });
  const [seed, totals] = [device.tensor([2], 'u32'), device.upload(new Float32Array(2), [2])];
  const context: StepContext = {
    device,
    module: net,
    parameters,
    optimizer,
    recipe: { ...paperRecipe, precision },
    seed,
    totals,
  };
  const { train } = shapes();
  const batch = {
    pixels: device.upload(train.images.subarray(0, BATCH * 3072), [BATCH, 3, 32, 32]),
    targets: device.upload(train.labels.subarray(0, BATCH), [BATCH]),
  };
  return { context, batch };
}

function prepare({ optimizer, seed }: StepContext, step: number): void {
  device.write(seed, new Uint32Array([5, step]));
  optimizer.prepare(SETTINGS);
}

test('a recorded step gives the same bits as an eager one, step after step', async () => {
  const eager = begin();
  const replayed = begin();
  const recording = await device.record(() => trainingStep(replayed.context, replayed.batch));
  for (let step = 0; step < 3; step++) {
    prepare(eager.context, step);
    const { loss, norm } = device.tidy(() => trainingStep(eager.context, eager.batch));
    const want = [await device.read(loss), await device.read(norm), await device.read(eager.context.parameters.values)];
    prepare(replayed.context, step);
    recording.run();
    const { result } = recording;
    const { values } = replayed.context.parameters;
    const got = [await device.read(result.loss), await device.read(result.norm), await device.read(values)];
    expect(got).toEqual(want);
  }
});

test('memory is flat over 50 steps, and the loss falls', async () => {
  const { context, batch } = begin();
  const step = (i: number) => {
    prepare(context, i);
    return device.tidy(() => trainingStep(context, batch));
  };
  const first = step(0);
  const before = (await device.read(first.loss))[0];
  device.release(first.loss);
  const { inUse, reserved } = device.memory;
  let after = before;
  for (let i = 1; i < 50; i++) {
    const { loss } = step(i);
    [after] = await device.read(loss);
    device.release(loss);
    expect(device.memory.inUse).toBe(inUse);
    expect(device.memory.reserved).toBe(reserved);
  }
  expect(after).toBeLessThan(before);
});

test('mixed precision learns as f32 does, skips steps that overflow, and says so', async () => {
  if (!hasHalf(device)) {
    expect(() => requirePrecision(device, 'mixed')).toThrow('shader-f16');
    return;
  }
  const losses = async (precision: Precision) => {
    const { context, batch } = begin(precision);
    const all: number[] = [];
    for (let i = 0; i < 20; i++) {
      prepare(context, i);
      const { loss } = device.tidy(() => trainingStep(context, batch));
      all.push((await device.read(loss))[0]);
    }
    return all;
  };
  const [exact, mixed] = [await losses('f32'), await losses('mixed')];
  // The first loss is the net's alone; later ones drift apart with the rounding.
  expect(Math.abs(mixed[0] / exact[0] - 1)).toBeLessThan(5e-3);
  expect(mixed[19]).toBeLessThan(0.9 * mixed[0]);

  const { context, batch } = begin('mixed');
  const { guard } = context.optimizer;
  device.write(guard, Float32Array.of(2 ** 60, 0, 0));
  const before = await context.parameters.stateDict();
  prepare(context, 0);
  device.tidy(() => trainingStep(context, batch));
  expect([...(await device.read(guard))]).toEqual([2 ** 59, 0, 1]);
  expect(await context.parameters.stateDict()).toEqual(before);
});

test('a forward pass that overflows f16 leaves the running statistics as the last good step did', async () => {
  if (!hasHalf(device)) return; // refused, as above
  const { context, batch } = begin('mixed');
  const { parameters, optimizer } = context;
  const step = (i: number) => {
    prepare(context, i);
    device.tidy(() => trainingStep(context, batch));
  };
  // Statistics that were loaded count as well as those of a step.
  const loaded = await parameters.stateDict();
  const statistics = Object.keys(loaded).filter((name) => name.includes('running_'));
  for (const name of statistics) loaded[name].data.fill(0.5);
  const overflow = { ...loaded, 'yang.0.conv1.weight': { ...loaded['yang.0.conv1.weight'] } };
  overflow['yang.0.conv1.weight'].data = loaded['yang.0.conv1.weight'].data.map(() => 1e6);
  const read = async () => {
    const state = await parameters.stateDict();
    return statistics.map((name) => state[name]);
  };
  parameters.loadStateDict(overflow);
  step(0);
  expect([...(await device.read(optimizer.guard))]).toEqual([2 ** 15, 0, 1]);
  expect(await read()).toEqual(statistics.map((name) => loaded[name]));
  parameters.loadStateDict(loaded);
  step(1);
  const good = await read();
  expect(good).not.toEqual(statistics.map((name) => loaded[name]));
  device.write(optimizer.guard, Float32Array.of(2 ** 60, 0, 1));
  step(2);
  expect(await read()).toEqual(good);
});

test.each([
  ['this adapter', testDevice],
  ["a GPU's tiles", () => openDevice({ capabilities: gpuCapabilities })],
])('on %s a step of YYNet-16 at batch 64 stays few dispatches and few bytes', async (_, open) => {
  const device = await open();
  for (const [precision, bytes] of [
    ['f32', 1.4e9],
    ['mixed', 0.7e9],
  ] as const) {
    if (precision === 'mixed' && !hasHalf(device)) continue; // refused, as above
    const net = new YYNet(presets['yynet-16']);
    const parameters = new ParameterSet(device, net, new Random(1));
    const scaled = precision === 'mixed';
    const optimizer = new AdamW(device, parameters, { amsgrad: true, maxNorm: 1, averageDecay: 0.9, scaled });
    const tensors = {
      pixels: device.tensor([64, 3, 32, 32], 'u8'),
      targets: device.tensor([64], 'i32'),
      ...{ seed: device.tensor([2], 'u32'), totals: device.tensor([2]) },
    };
    const context = { device, module: net, parameters, optimizer, recipe: { ...paperRecipe, precision }, ...tensors };
    const { cost } = await device.record(() => trainingStep(context, tensors));
    expect(cost.dispatches).toBeLessThanOrEqual(220);
    expect(cost.bytes).toBeLessThan(bytes);
  }
});
