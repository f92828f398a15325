import { expect, test } from 'vitest';
import { reference } from '../../kernels/softmax/reference.ts';
import { softmax } from '../../src/autograd/ops/softmax.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { testDevice } from '../support/device.ts';
import { testOp } from '../support/op.ts';

testOp(softmax, reference, {
  'one class': { inputs: { x: [3, 1] }, attrs: {} },
  'ten classes': { inputs: { x: [5, 10] }, attrs: {} },
  'as many classes as a workgroup has threads': { inputs: { x: [2, 64] }, attrs: {} },
  'more classes than that': { inputs: { x: [3, 131] }, attrs: {} },
});

test('softmax holds for logits far from zero', async () => {
  const device = await testDevice();
  const x = device.upload(Float32Array.of(1000, 1000, -1000, -1000, -1001, -3000), [2, 3]);
  const y = await device.read(new Tape(device).run(softmax, { x }, {}));
  const e = Math.exp(-1);
  const want = [0.5, 0.5, 0, 1 / (1 + e), e / (1 + e), 0];
  for (const [i, value] of want.entries()) expect(y[i]).toBeCloseTo(value, 6);
});

test('softmax holds where the largest of many logits comes last', async () => {
  const device = await testDevice();
  const logits = new Float32Array(131);
  logits[130] = 1000;
  const y = await device.read(new Tape(device).run(softmax, { x: device.upload(logits, [1, 131]) }, {}));
  expect(y).toEqual(Float32Array.from(logits, (value) => value / 1000));
});

test('softmax refuses what has no rows', async () => {
  const device = await testDevice();
  expect(() => softmax.shape({ x: device.tensor([2, 3, 4]) }, {})).toThrow(
    'softmax: x must be f32 or f16 [N,K], got f32 [2,3,4]',
  );
});
