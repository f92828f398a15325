import { expect, test } from 'vitest';
import * as references from '../../kernels/elementwise/reference.ts';
import { add } from '../../src/autograd/ops/add.ts';
import { mul } from '../../src/autograd/ops/mul.ts';
import { scale } from '../../src/autograd/ops/scale.ts';
import { sub } from '../../src/autograd/ops/sub.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, testOp, upload } from '../support/op.ts';

const shapes = {
  'one element': [1],
  'an odd number': [5, 13],
  'a workgroup of vectors': [2, 2, 8, 8],
  'one past it': [1, 5, 4, 13],
};
const pairs = Object.fromEntries(
  Object.entries(shapes).map(([name, shape]) => [name, { inputs: { a: shape, b: shape }, attrs: {} }]),
);
testOp(add, references.add, pairs);
testOp(sub, references.sub, pairs);
testOp(mul, references.mul, pairs);
testOp(scale, references.scale, {
  'a fraction': { inputs: { x: [5, 13] }, attrs: { factor: 0.3 } },
  'minus one': { inputs: { x: [2, 2, 8, 8] }, attrs: { factor: -1 } },
  'a large number': { inputs: { x: [7] }, attrs: { factor: 1e21 } },
  zero: { inputs: { x: [7] }, attrs: { factor: 0 } },
});

test('a tensor times itself gets both gradients', async () => {
  const device = await testDevice();
  const host = normal([3, 7], new Random(2));
  const x = upload(device, host);
  const tape = new Tape(device);
  const y = tape.run(mul, { a: tape.watch(x), b: x }, {});
  const gradient = tape.backward(y, upload(device, normal([3, 7], new Random(4)))).get(x)!;
  const dy = normal([3, 7], new Random(4)).data;
  expect([...(await device.read(gradient))]).toEqual([...host.data].map((value, i) => Math.fround(2 * value * dy[i])));
});

test('shapes, data types and factors that do not fit are refused', async () => {
  const device = await testDevice();
  const [a, b, half] = [device.tensor([2, 3]), device.tensor([3, 2]), device.tensor([2, 3], 'f16')];
  for (const op of [sub, mul]) {
    expect(() => op.shape({ a, b }, {})).toThrow(`${op.name}: b must be f32 [2,3], got f32 [3,2]`);
    expect(() => op.shape({ a, b: half }, {})).toThrow(`${op.name}: b must be f32 [2,3], got f16 [2,3]`);
  }
  for (const factor of [Number.NaN, Number.POSITIVE_INFINITY, 1e39]) {
    expect(() => scale.shape({ x: a }, { factor })).toThrow(`scale: factor must be finite in f32, got ${factor}`);
  }
});
