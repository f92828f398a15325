import { expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { microBatchSizes } from '../../src/train/micro_batches.ts';
import { shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { testDevice } from '../support/device.ts';
import { smallNet, takeStep } from '../support/one_step.ts';
import { relativeError } from '../support/op.ts';

const recipe = { ...shapesRecipe, epochs: 2, batchSize: 12 };

test('a batch is cut into as few micro-batches as possible, of nearly equal sizes', () => {
  expect(microBatchSizes(32, 4)).toEqual(Array(8).fill(4));
  expect(microBatchSizes(50, 16)).toEqual([12, 13, 12, 13]);
  expect(microBatchSizes(17, 16)).toEqual([8, 9]);
  expect(microBatchSizes(5, 16)).toEqual([5]);
});

test('two micro-batches of the same pictures train as one of them, to the bit, and as the whole batch nearly', async () => {
  const indices = [0, 1, 2, 3, 4, 5];
  const twice = await takeStep([...indices, ...indices], { microBatch: 6 });
  const once = await takeStep(indices);
  expect(twice.state).toEqual(once.state);
  expect(twice.loss).toBe(once.loss);
  const whole = await takeStep([...indices, ...indices]);
  expect(relativeError(twice.gradients, whole.gradients)).toBeLessThan(2e-3);
});

test('gradients and running statistics are the means of those of the micro-batches, weighted by their pictures', async () => {
  const { state, gradients, loss } = await takeStep([0, 1, 2, 3, 4], { microBatch: 3 });
  const [a, b] = [await takeStep([0, 1]), await takeStep([2, 3, 4])];
  const mean = (x: ArrayLike<number>, y: ArrayLike<number>) => Array.from(x, (value, i) => 0.4 * value + 0.6 * y[i]);
  expect(relativeError(gradients, mean(a.gradients, b.gradients))).toBeLessThan(1e-6);
  expect(loss).toBeCloseTo(0.4 * a.loss + 0.6 * b.loss, 5);
  const statistics = Object.keys(state).filter((name) => name.includes('running_'));
  expect(statistics.length).toBeGreaterThan(10);
  for (const name of statistics) {
    expect(relativeError(state[name].data, mean(a.state[name].data, b.state[name].data)), name).toBeLessThan(1e-6);
  }
});

test('a training in micro-batches resumes to the bit, and says so in its checkpoint', async () => {
  const device = await testDevice();
  const data = shapes({ train: 29, validation: 5 });
  const net = yynet.create({ ...smallNet, dropout: 0.2 });
  const begin = () => Trainer.create(device, net, data, { ...recipe, microBatch: 5 }, { seed: 1 });
  const bytesOf = async (trainer: Trainer<typeof smallNet>) => encodeCheckpoint(await trainer.checkpoint());
  using whole = await begin();
  await whole.run();
  const expected = await bytesOf(whole);
  using stopped = await begin();
  await stopped.run({}, { maxSteps: 4 });
  const checkpoint = decodeCheckpoint(await bytesOf(stopped), [yynet]);
  expect(checkpoint.recipe.microBatch).toBe(5);
  using resumed = await Trainer.resume(device, checkpoint, data);
  await resumed.run();
  expect(await bytesOf(resumed as Trainer<typeof smallNet>)).toEqual(expected);
});
