import { expect, test } from 'vitest';
import type { Reference } from '../../kernels/common/reference.ts';
import { reference as conv3x3Reference } from '../../kernels/conv3x3/reference.ts';
import { reference as depthwiseReference } from '../../kernels/depthwise/reference.ts';
import { reference as pointwiseReference } from '../../kernels/pointwise/reference.ts';
import type { Op } from '../../src/autograd/op.ts';
import { conv3x3 } from '../../src/autograd/ops/conv3x3.ts';
import { depthwise } from '../../src/autograd/ops/depthwise.ts';
import { pointwise } from '../../src/autograd/ops/pointwise.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Shape } from '../../src/runtime/tensor.ts';
import { openDevice, testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';
import { NthChoice } from '../support/tuning.ts';

type Convolution = Op<{ x: never; weight: never }, { stride: number }>;
type Case = [string, Convolution, Reference<'x' | 'weight' | 'bias', { stride: number }>, Shape, Shape, number];

const cases = [
  ['pointwise', pointwise, pointwiseReference, [2, 9, 5, 8], [18, 9, 1, 1], 1],
  ['conv3x3', conv3x3, conv3x3Reference, [2, 3, 9, 8], [10, 3, 3, 3], 1],
  ['conv3x3, stride 2', conv3x3, conv3x3Reference, [2, 5, 9, 8], [3, 5, 3, 3], 2],
  ['depthwise', depthwise, depthwiseReference, [2, 3, 18, 8], [3, 1, 3, 3], 1],
] as unknown as Case[];

for (const [name, op, reference, xShape, weightShape, stride] of cases) {
  test.each([1, 2, 4])(`${name}: other tiles give the same (choice %i)`, async (n) => {
    const random = new Random(8);
    const [x, weight] = [normal(xShape, random), normal(weightShape, random)];
    const want = reference({ x, weight } as never, { stride });
    const dy = normal(want.shape, random);
    const run = (device: Device) => {
      const tape = new Tape(device);
      const inputs = { x: tape.watch(upload(device, x)), weight: tape.watch(upload(device, weight)) };
      const y = tape.run(op, inputs as never, { stride });
      const gradients = tape.backward(y, upload(device, dy));
      return Promise.all([y, gradients.get(inputs.x)!, gradients.get(inputs.weight)!].map((t) => device.read(t)));
    };
    const device = await openDevice({ tuning: new NthChoice(n) });
    const [y, ...gradients] = await run(device);
    const [, ...usual] = await run(await testDevice());
    expect(relativeError(y, want.data)).toBeLessThan(1e-5);
    gradients.forEach((gradient, i) => {
      expect(relativeError(gradient, usual[i])).toBeLessThan(1e-5);
    });
    device.destroy();
  });
}
