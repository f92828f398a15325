import { expect, test } from 'vitest';
import { conv3x3 } from '../../src/autograd/ops/conv3x3.ts';
import { depthwise } from '../../src/autograd/ops/depthwise.ts';
import { pointwise } from '../../src/autograd/ops/pointwise.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { Device } from '../../src/runtime/device.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';
import type { Shape, Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

// A GPU gets other tiles than the software adapters that tests usually run on: here one of those poses as a GPU.

type Run = (tape: Tape, x: Tensor, weight: Tensor) => Tensor;
const conv =
  (stride: number): Run =>
  (tape, x, weight) =>
    tape.run(conv3x3, { x, weight }, { stride });
const deep =
  (stride: number): Run =>
  (tape, x, weight) =>
    tape.run(depthwise, { x, weight }, { stride });
const point =
  (stride: number): Run =>
  (tape, x, weight) =>
    tape.run(pointwise, { x, weight }, { stride });

const cases: [string, Run, x: Shape, weight: Shape][] = [
  ['conv3x3, several tiles', conv(1), [2, 9, 18, 16], [18, 9, 3, 3]],
  ['conv3x3, stride 2', conv(2), [2, 9, 7, 16], [11, 9, 3, 3]],
  ['conv3x3, two vectors a thread', conv(1), [1, 1, 1024, 512], [4, 1, 3, 3]],
  ['depthwise', deep(1), [2, 3, 18, 16], [3, 1, 3, 3]],
  ['depthwise, stride 2', deep(2), [2, 3, 17, 16], [3, 1, 3, 3]],
  ['depthwise, high bands', deep(1), [1, 1, 1026, 1020], [1, 1, 3, 3]],
  ['pointwise, several tiles', point(1), [2, 19, 5, 8], [21, 19, 1, 1]],
  ['pointwise, stride 2', point(2), [2, 3, 7, 5], [9, 3, 1, 1]],
  ['pointwise, two vectors a thread', point(1), [1, 2, 1024, 513], [2, 2, 1, 1]],
];

for (const [name, op, xShape, weightShape] of cases) {
  test(`a GPU's tiles give the same: ${name}`, async () => {
    const choice = await requestNodeAdapter();
    const gpu = await Device.open({ ...choice, info: { ...choice.info, kind: 'gpu' } });
    const run = async (device: Device) => {
      const random = new Random(5);
      const tape = new Tape(device);
      const x = tape.watch(upload(device, normal(xShape, random)));
      const weight = tape.watch(upload(device, normal(weightShape, random)));
      const y = op(tape, x, weight);
      const gradients = tape.backward(y, upload(device, normal(y.shape, random)));
      return Promise.all([y, gradients.get(x)!, gradients.get(weight)!].map((tensor) => device.read(tensor)));
    };
    const want = await run(await testDevice());
    const got = await run(gpu);
    gpu.destroy();
    for (let i = 0; i < 3; i++) expect(relativeError(got[i], want[i])).toBeLessThan(1e-5);
  });
}
