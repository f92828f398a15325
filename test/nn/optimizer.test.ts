import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { Linear } from '../../src/nn/layers.ts';
import type { Optimizer, OptimizerOptions } from '../../src/nn/optimizer.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { SGD } from '../../src/nn/sgd.ts';
import { testDevice } from '../support/device.ts';
import { relativeError } from '../support/op.ts';

const device = await testDevice();

type Create = (parameters: ParameterSet, options: OptimizerOptions) => Optimizer;

const optimizers: Record<string, Create> = {
  AdamW: (parameters, options) => new AdamW(device, parameters, options),
  'AdamW with amsgrad': (parameters, options) => new AdamW(device, parameters, { ...options, amsgrad: true }),
  SGD: (parameters, options) => new SGD(device, parameters, options),
  'SGD with momentum': (parameters, options) => new SGD(device, parameters, { ...options, momentum: 0.9 }),
};
const all = Object.entries(optimizers);

/** A layer of 15 parameters, which lie in 128 places, and an optimizer of them. */
function begin(create: Create, options: OptimizerOptions = {}) {
  const parameters = new ParameterSet(device, new Linear(4, 3), new Random(1));
  const optimizer = create(parameters, options);
  return {
    parameters,
    optimizer,
    /** One step on these gradients. Returns their norm before clipping. */
    async step(gradients: Float32Array, factor = 1) {
      device.write(parameters.gradients, gradients);
      optimizer.prepare({ learningRate: factor * 0.1, weightDecay: 0.1 });
      const [norm] = await device.read(device.tidy(() => optimizer.step()));
      return norm;
    },
    weights: () => device.read(parameters.values),
  };
}

const gradients = (seed: number, scale = 1) => {
  const random = new Random(seed);
  return Float32Array.from({ length: 128 }, (_, i) => (i < 12 ? scale * random.normal() : 0));
};

test.each(all)('%s: without decay the average is the weights and costs nothing', async (_, create) => {
  const [averaged, plain] = [begin(create, { averageDecay: 0.5 }), begin(create, { averageDecay: 0 })];
  await averaged.step(gradients(1));
  await plain.step(gradients(1));
  expect(await plain.weights()).toEqual(await averaged.weights());
  expect(plain.optimizer.average).toBe(plain.parameters.values);
  expect(await device.read(averaged.optimizer.average)).not.toEqual(await averaged.weights());
  const [more, less] = [averaged, plain].map(({ optimizer }) => device.record(() => optimizer.step()));
  const cost = { ...(await less).cost };
  expect((await more).cost).toEqual({ ...cost, bytes: cost.bytes + 2 * 4 * 128, flops: cost.flops + 3 * 128 });
});

test.each(all)('%s: parameters with a rate of their own train as by that learning rate', async (_, create) => {
  const options = { maxNorm: 1, averageDecay: 0.5 };
  const split = begin(create, { ...options, rateOf: ({ shape }) => (shape.length === 2 ? 0.25 : 1) });
  const [whole, slow] = [begin(create, options), begin(create, options)];
  for (const seed of [1, 2]) {
    // Of the weight, and of the bias, which begins at 64.
    const all = Float32Array.from(gradients(seed), (g, i) => (i < 12 ? g : i >= 64 && i < 67 ? 0.5 : 0));
    await split.step(all);
    await whole.step(all);
    await slow.step(all, 0.25);
  }
  const [got, weight, bias] = await Promise.all([split, slow, whole].map(({ weights }) => weights()));
  expect(got.subarray(0, 64)).toEqual(weight.subarray(0, 64));
  expect(got.subarray(64)).toEqual(bias.subarray(64));
  expect(got).not.toEqual(bias);
  const average = (of: typeof split) => device.read(of.optimizer.average);
  expect((await average(split)).subarray(0, 64)).toEqual((await average(slow)).subarray(0, 64));
});

test.each(all)('%s: a state that was read and loaded continues with the same bits', async (_, create) => {
  const options = { maxNorm: 1, averageDecay: 0.5, scaled: true };
  const [one, other] = [begin(create, options), begin(create, options)];
  for (let i = 0; i < 3; i++) await one.step(gradients(i));
  const { parameters, optimizer } = other;
  parameters.writeFlat(parameters.values, await one.parameters.readFlat(one.parameters.values));
  parameters.writeFlat(optimizer.average, await one.parameters.readFlat(one.optimizer.average));
  optimizer.load(await one.optimizer.state());
  for (let i = 3; i < 6; i++) {
    expect(await other.step(gradients(i))).toBe(await one.step(gradients(i)));
    expect(await other.weights()).toEqual(await one.weights());
    expect(await device.read(optimizer.average)).toEqual(await device.read(one.optimizer.average));
  }
  expect(await optimizer.state()).toEqual(await one.optimizer.state());
});

test('the state of another optimizer is refused', async () => {
  const { optimizer } = begin(optimizers.AdamW);
  const other = begin(optimizers.SGD);
  expect(() => optimizer.load({ steps: 0, moments: [], guard: new Float32Array(3) })).toThrow('2 moments, got 0');
  const { moments } = await optimizer.state();
  expect(() => other.optimizer.load({ steps: 0, moments, guard: new Float32Array(3) })).toThrow('0 moments, got 2');
});

test('SGD scales gradients down to the largest norm, and leaves smaller ones alone', async () => {
  const norm = Math.hypot(...gradients(1));
  const moved = async (options: OptimizerOptions) => {
    const { step, weights } = begin(optimizers.SGD, options);
    const before = await weights();
    expect(Math.abs((await step(gradients(1))) / norm - 1)).toBeLessThan(1e-6);
    // Without weight decay's part, the weights have moved by learningRate · gradient.
    return (await weights()).map((w, i) => (0.99 * before[i] - w) / 0.1);
  };
  expect(relativeError(await moved({}), gradients(1))).toBeLessThan(1e-5);
  expect(relativeError(await moved({ maxNorm: 2 * norm }), gradients(1))).toBeLessThan(1e-5);
  expect(relativeError(await moved({ maxNorm: 0.5 * norm }), gradients(1, 0.5))).toBeLessThan(1e-5);
});

test.each(all)('%s: the first gradient that is not finite stops all updates', async (_, create) => {
  const { optimizer, step, weights } = begin(create, { averageDecay: 0.5 });
  await step(gradients(1));
  const [before, state] = [await weights(), await optimizer.state()];
  const average = await device.read(optimizer.average);
  for (const spoiled of [gradients(2, Number.NaN), gradients(3, Number.POSITIVE_INFINITY), gradients(4)]) {
    await step(spoiled);
  }
  expect(await weights()).toEqual(before);
  expect(await device.read(optimizer.average)).toEqual(average);
  expect((await optimizer.state()).moments).toEqual(state.moments);
  expect([...(await device.read(optimizer.guard))]).toEqual([1, 1, 3]);
});

test.each(all)('%s: with a scaled loss only the spoiled step is skipped, and the scale halves', async (_, create) => {
  const [scaled, plain] = [begin(create, { scaled: true }), begin(create)];
  await scaled.step(gradients(1, 65536));
  await plain.step(gradients(1));
  expect(await scaled.weights()).toEqual(await plain.weights());
  await scaled.step(gradients(2, Number.NaN));
  expect(await scaled.weights()).toEqual(await plain.weights());
  expect([...(await device.read(scaled.optimizer.lossScale))]).toEqual([32768]);
  await scaled.step(gradients(3, 32768));
  expect(await scaled.weights()).not.toEqual(await plain.weights());
});

test.each(all)('%s: disposed of with its parameters, it holds no memory', (_, create) => {
  const { inUse } = device.memory;
  for (const averageDecay of [0, 0.5]) {
    const { parameters, optimizer } = begin(create, { averageDecay });
    expect(device.memory.inUse).toBeGreaterThan(inUse);
    optimizer.dispose();
    // The average of an optimizer without one is the parameters': they stay.
    device.write(parameters.values, new Float32Array(128));
    parameters.dispose();
    expect(device.memory.inUse).toBe(inUse);
  }
});

test('an optimizer and its parameters are disposed of at the end of a `using` block', () => {
  const { inUse } = device.memory;
  for (const disposable of Object.values(begin(optimizers.AdamW)).filter((value) => Symbol.dispose in value)) {
    (disposable as Disposable)[Symbol.dispose]();
  }
  expect(device.memory.inUse).toBe(inUse);
});
