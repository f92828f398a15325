import { expect, test } from 'vitest';
import { reference } from '../../kernels/matmul/reference.ts';
import { matmul } from '../../src/autograd/ops/matmul.ts';
import { testDevice } from '../support/device.ts';
import { testOp } from '../support/op.ts';

testOp(matmul, reference, {
  'one of everything': { inputs: { a: [1, 1], b: [1, 1] }, attrs: {} },
  'a row and a column': { inputs: { a: [1, 7], b: [7, 1] }, attrs: {} },
  'a column and a row': { inputs: { a: [6, 1], b: [1, 5] }, attrs: {} },
  'odd numbers': { inputs: { a: [5, 9], b: [9, 7] }, attrs: {} },
  'one past a workgroup': { inputs: { a: [9, 65], b: [65, 66] }, attrs: {} },
});

test('matmul refuses matrices that do not fit', async () => {
  const device = await testDevice();
  const a = device.tensor([2, 3]);
  const refused = (b: typeof a) => () => matmul.shape({ a, b }, {});
  expect(refused(device.tensor([2, 3]))).toThrow('matmul: b must be f32 [3,N], got f32 [2,3]');
  expect(refused(device.tensor([3, 2], 'f16'))).toThrow('matmul: b must be f32 [3,N], got f16 [3,2]');
  expect(() => matmul.shape({ a: device.tensor([1, 2, 3]), b: a }, {})).toThrow(
    'matmul: a must be f32 or f16 [M,K], got f32 [1,2,3]',
  );
});
