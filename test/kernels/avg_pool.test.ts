import { expect, test } from 'vitest';
import { reference } from '../../kernels/avg_pool/reference.ts';
import { avgPool } from '../../src/autograd/ops/avg_pool.ts';
import { testDevice } from '../support/device.ts';
import { testOp } from '../support/op.ts';

const attrs = (kernel: number, stride: number, padding: number) => ({ kernel, stride, padding });

testOp(avgPool, reference, {
  'windows side by side': { inputs: { x: [2, 3, 6, 8] }, attrs: attrs(2, 2, 0) },
  'windows that overlap, padding': { inputs: { x: [2, 3, 7, 5] }, attrs: attrs(3, 2, 1) },
  'a stride of one': { inputs: { x: [3, 2, 4, 6] }, attrs: attrs(3, 1, 1) },
  'pixels between windows': { inputs: { x: [1, 2, 11, 9] }, attrs: attrs(2, 3, 0) },
  'pixels beyond the last window': { inputs: { x: [1, 2, 8, 10] }, attrs: attrs(3, 3, 0) },
  'an even kernel with padding': { inputs: { x: [2, 1, 6, 7] }, attrs: attrs(4, 2, 2) },
  'one window': { inputs: { x: [5, 3, 7, 7] }, attrs: attrs(7, 1, 0) },
  'one pixel': { inputs: { x: [2, 3, 1, 1] }, attrs: attrs(1, 1, 0) },
  'past a workgroup': { inputs: { x: [3, 5, 9, 9] }, attrs: attrs(3, 1, 1) },
});

test('avgPool refuses windows that make no sense', async () => {
  const device = await testDevice();
  const x = device.tensor([2, 3, 4, 8]);
  const shape = (kernel: number, stride: number, padding: number) => () =>
    avgPool.shape({ x }, { kernel, stride, padding });
  expect(shape(0, 1, 0)).toThrow('avgPool: kernel must be a whole number of at least 1, got 0');
  expect(shape(2, 0.5, 0)).toThrow('avgPool: stride must be a whole number of at least 1, got 0.5');
  expect(shape(3, 1, 2)).toThrow('avgPool: padding must be a whole number of at most half the kernel of 3, got 2');
  expect(shape(5, 1, 0)).toThrow('avgPool: x must have room for a window of 5×5, got [2,3,4,8]');
  expect(() => avgPool.shape({ x: device.tensor([4, 8]) }, { kernel: 2, stride: 2, padding: 0 })).toThrow(
    'avgPool: x must be f32 or f16 [N,C,H,W], got f32 [4,8]',
  );
});
