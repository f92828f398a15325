import { expect, test } from 'vitest';
import { HostArray } from '../../kernels/common/reference.ts';
import { foldAfter, foldBefore } from '../../kernels/fold_batch_norm/launch.ts';
import { foldedAfter, foldedBefore } from '../../kernels/fold_batch_norm/reference.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';
import { uploadRunning } from '../support/running.ts';

const EPS = 1e-5;

/** A batch normalisation of `c` channels, on the device and on the host. */
async function normOf(c: number, random: Random) {
  const device = await testDevice();
  const [gamma, beta, mean] = [normal([c], random), normal([c], random), normal([c], random)];
  const variance = new HostArray(
    [c],
    mean.data.map(() => Math.fround(0.1 + random.uniform())),
  );
  const running = uploadRunning(device, mean.data, variance.data);
  const norm = { gamma: upload(device, gamma), beta: upload(device, beta), running, eps: EPS };
  return { device, norm, host: { gamma, beta, mean, variance } };
}

async function expectFolded(got: ReturnType<typeof foldAfter>, want: ReturnType<typeof foldedAfter>): Promise<void> {
  const device = await testDevice();
  expect(got.weight.shape).toEqual(want.weight.shape);
  expect(relativeError(await device.read(got.weight), want.weight.data)).toBeLessThan(1e-6);
  expect(relativeError(await device.read(got.bias), want.bias.data)).toBeLessThan(1e-6);
}

test.each([
  ['3×3', [5, 13, 3, 3]],
  ['1×1', [70, 9, 1, 1]],
  ['depthwise', [66, 1, 3, 3]],
])('%s: a normalisation after a convolution', async (_, shape) => {
  const random = new Random(7);
  const { device, norm, host } = await normOf(shape[0], random);
  const [weight, bias] = [normal(shape, random), normal([shape[0]], random)];
  const tensors = { weight: upload(device, weight), bias: upload(device, bias) };
  await expectFolded(foldAfter(device, tensors, norm), foldedAfter(weight, bias, host, EPS));
  await expectFolded(foldAfter(device, { weight: tensors.weight }, norm), foldedAfter(weight, undefined, host, EPS));
});

test.each([3, 70])('a normalisation of %i channels before a 1×1 convolution', async (c) => {
  const random = new Random(7);
  const { device, norm, host } = await normOf(c, random);
  const weight = normal([9, c, 1, 1], random);
  await expectFolded(foldBefore(device, norm, upload(device, weight)), foldedBefore(host, weight, EPS));
});
