import { expect, test } from 'vitest';
import { referenceWith, statistics } from '../../kernels/batch_norm/reference.ts';
import { zeros } from '../../kernels/common/reference.ts';
import { activationKinds } from '../../src/autograd/ops/activation.ts';
import { type BatchNormAttrs, batchNorm } from '../../src/autograd/ops/batch_norm.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, testOp, upload } from '../support/op.ts';
import { uploadRunning } from '../support/running.ts';

const device = await testDevice();
const random = new Random(3);

/** A running mean around 0 and a running variance around 1. */
const former = (c: number) => ({
  mean: normal([c], random),
  variance: zeros([c]).each(() => Math.fround(random.uniform(0.5, 2))),
});

function attrs(c: number, training: boolean, activation: BatchNormAttrs['activation']) {
  const { mean, variance } = former(c);
  const running = uploadRunning(device, mean.data, variance.data);
  return { host: { mean, variance }, attrs: { training, running, momentum: 0.1, eps: 1e-5, activation } };
}

const shapes = { gamma: [5], beta: [5] };
testOp(batchNorm, referenceWith(), {
  'training, vectors': { inputs: { x: [3, 5, 4, 6], ...shapes }, attrs: attrs(5, true, 'none').attrs },
  'training, gelu, odd': { inputs: { x: [3, 5, 5, 3], ...shapes }, attrs: attrs(5, true, 'gelu').attrs },
  'training, silu, one pixel': { inputs: { x: [7, 5, 1, 1], ...shapes }, attrs: attrs(5, true, 'silu').attrs },
  'training, gelu, wide': { inputs: { x: [2, 3, 16, 20], gamma: [3], beta: [3] }, attrs: attrs(3, true, 'gelu').attrs },
  'training, several chunks': {
    inputs: { x: [5, 1, 32, 36], gamma: [1], beta: [1] },
    attrs: attrs(1, true, 'gelu').attrs,
  },
  'training, chunks across odd planes': {
    inputs: { x: [9, 1, 9, 15], gamma: [1], beta: [1] },
    attrs: attrs(1, true, 'none').attrs,
  },
});
for (const activation of ['none', ...activationKinds] as const) {
  const { host, attrs: evaluation } = attrs(5, false, activation);
  testOp(batchNorm, referenceWith(host), {
    [`evaluation, ${activation}`]: { inputs: { x: [2, 5, 7, 9], ...shapes }, attrs: evaluation, eps: 1e-3 },
  });
}

test('batchNorm moves the running statistics as PyTorch does', async () => {
  const x = normal([4, 6, 5, 3], random);
  const { host, attrs: training } = attrs(6, true, 'none');
  const inputs = { x: upload(device, x), gamma: upload(device, former(6).variance), beta: upload(device, host.mean) };
  device.tidy(() => new Tape(device).run(batchNorm, inputs, training));
  const { mean, variance } = statistics(x);
  const unbiased = (4 * 5 * 3) / (4 * 5 * 3 - 1);
  const moved = (before: ArrayLike<number>, batch: Float64Array, factor: number) =>
    batch.map((value, c) => 0.9 * before[c] + 0.1 * factor * value);
  expect(relativeError(await device.read(training.running.mean), moved(host.mean.data, mean.data, 1))).toBeLessThan(
    1e-6,
  );
  expect(
    relativeError(await device.read(training.running.variance), moved(host.variance.data, variance.data, unbiased)),
  ).toBeLessThan(1e-6);
});

test('batchNorm is exact where the mean is far larger than the deviation', async () => {
  const c = 23; // more than one workgroup merges
  const x = normal([5, c, 32, 36], random);
  for (let i = 0; i < x.data.length; i++) x.data[i] = Math.fround(100 + 0.1 * x.data[i]);
  const { host, attrs: training } = attrs(c, true, 'none');
  const inputs = { x, gamma: former(c).variance, beta: host.mean };
  const tensors = { x: upload(device, x), gamma: upload(device, inputs.gamma), beta: upload(device, inputs.beta) };
  const y = device.tidy(() => new Tape(device).run(batchNorm, tensors, training));
  // Half a unit in the last place of the mean is 4e-5 deviations.
  expect(relativeError(await device.read(y), referenceWith()(inputs, training).data)).toBeLessThan(1e-4);
});

test('batchNorm refuses a batch of one value a channel in training', () => {
  const { attrs: training } = attrs(2, true, 'none');
  const [gamma, beta] = [device.tensor([2]), device.tensor([2])];
  const run = () => new Tape(device).run(batchNorm, { x: device.tensor([1, 2, 1, 1]), gamma, beta }, training);
  expect(run).toThrow('more than one value a channel');
});
