import { expect, test } from 'vitest';
import { forwardWithMoments } from '../../kernels/conv3x3/launch.ts';
import { reference } from '../../kernels/conv3x3/reference.ts';
import { conv3x3 } from '../../src/autograd/ops/conv3x3.ts';
import { testDevice } from '../support/device.ts';
import { testOp } from '../support/op.ts';

testOp(conv3x3, reference, {
  'vectors of pixels': { inputs: { x: [2, 5, 6, 8], weight: [7, 5, 3, 3], bias: [7] }, attrs: { stride: 1 } },
  'one channel in, no bias': { inputs: { x: [1, 1, 4, 4], weight: [16, 1, 3, 3] }, attrs: { stride: 1 } },
  'three channels in, odd plane': { inputs: { x: [2, 3, 5, 7], weight: [9, 3, 3, 3] }, attrs: { stride: 1 } },
  'one pixel': { inputs: { x: [3, 2, 1, 1], weight: [4, 2, 3, 3], bias: [4] }, attrs: { stride: 1 } },
  'one row': { inputs: { x: [1, 2, 1, 12], weight: [3, 2, 3, 3] }, attrs: { stride: 1 } },
  'one column': { inputs: { x: [1, 2, 5, 1], weight: [3, 2, 3, 3] }, attrs: { stride: 1 } },
  'one past a workgroup': { inputs: { x: [1, 2, 13, 10], weight: [17, 2, 3, 3] }, attrs: { stride: 1 } },
  'two vectors a thread': { inputs: { x: [8, 1, 13, 10], weight: [3, 1, 3, 3] }, attrs: { stride: 1 } },
  'many channels': { inputs: { x: [2, 17, 5, 8], weight: [19, 17, 3, 3] }, attrs: { stride: 1 } },
  'many channels, stride 2, odd plane': { inputs: { x: [2, 16, 7, 5], weight: [18, 16, 3, 3] }, attrs: { stride: 2 } },
  'stride 2': { inputs: { x: [2, 4, 6, 16], weight: [6, 4, 3, 3], bias: [6] }, attrs: { stride: 2 } },
  'stride 2, a row of no whole vectors': { inputs: { x: [2, 3, 8, 12], weight: [5, 3, 3, 3] }, attrs: { stride: 2 } },
  'stride 2, odd plane': { inputs: { x: [3, 5, 7, 5], weight: [4, 5, 3, 3] }, attrs: { stride: 2 } },
  'stride 2, odd rows of vectors': { inputs: { x: [1, 1, 5, 8], weight: [2, 1, 3, 3] }, attrs: { stride: 2 } },
  'stride 2, one pixel': { inputs: { x: [2, 3, 1, 1], weight: [2, 3, 3, 3] }, attrs: { stride: 2 } },
});

test('conv3x3 refuses an activation where it returns moments', async () => {
  const device = await testDevice();
  const [x, weight] = [device.tensor([1, 1, 4, 4]), device.tensor([1, 1, 3, 3])];
  // @ts-expect-error: the types refuse it too.
  const run = () => forwardWithMoments(device, { x, weight, y: x, stride: 1, activation: 'gelu' });
  expect(run).toThrow('conv3x3: activation must be none where moments are returned, got gelu');
});
