import { expect, test } from 'vitest';
import { HostArray } from '../../kernels/common/reference.ts';
import * as conv3x3Reference from '../../kernels/conv3x3/reference.ts';
import * as linearReference from '../../kernels/linear/reference.ts';
import * as pointwiseReference from '../../kernels/pointwise/reference.ts';
import { conv3x3 } from '../../src/autograd/ops/conv3x3.ts';
import { linear } from '../../src/autograd/ops/linear.ts';
import { pointwise } from '../../src/autograd/ops/pointwise.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Shape, Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, upload } from '../support/op.ts';

type Inputs = Record<'x' | 'weight' | 'bias', Tensor>;
type HostInputs = Record<'x' | 'weight' | 'bias', HostArray>;

const cases: [string, (tape: Tape, inputs: Inputs) => Tensor, (inputs: HostInputs) => HostArray, Shape, Shape][] = [
  [
    'conv3x3',
    (tape, inputs) => tape.run(conv3x3, inputs, { stride: 1 }),
    (inputs) => conv3x3Reference.reference(inputs, { stride: 1 }),
    [1, 64, 4, 4],
    [5, 64, 3, 3],
  ],
  [
    'pointwise',
    (tape, inputs) => tape.run(pointwise, inputs, { stride: 1 }),
    (inputs) => pointwiseReference.reference(inputs, { stride: 1 }),
    [1, 600, 4, 4],
    [5, 600, 1, 1],
  ],
  [
    'linear',
    (tape, inputs) => tape.run(linear, inputs, {}),
    (inputs) => linearReference.reference(inputs, {}),
    [8, 600],
    [5, 600],
  ],
];

test.each(cases)('%s: a bias far larger than the products costs one rounding', async (_, run, reference, x, weight) => {
  const device = await testDevice();
  const random = new Random(4);
  const small = ({ shape, data }: HostArray) =>
    new HostArray(
      shape,
      data.map((value) => Math.fround(0.01 * value)),
    );
  const bias = new HostArray([5], new Float64Array(5).fill(1));
  const inputs = { x: small(normal(x, random)), weight: small(normal(weight, random)), bias };
  const want = reference(inputs);
  const tensors = { x: upload(device, inputs.x), weight: upload(device, inputs.weight), bias: upload(device, bias) };
  const got = await device.read(device.tidy(() => run(new Tape(device), tensors)));
  const ulp = 2 ** -23;
  got.forEach((value, i) => {
    expect(Math.abs(value - want.data[i])).toBeLessThan(0.75 * ulp);
  });
});
