import { reference } from '../../kernels/depthwise/reference.ts';
import { depthwise } from '../../src/autograd/ops/depthwise.ts';
import { testOp } from '../support/op.ts';

testOp(depthwise, reference, {
  'vectors of pixels': { inputs: { x: [2, 5, 6, 8], weight: [5, 1, 3, 3] }, attrs: { stride: 1 } },
  'one channel': { inputs: { x: [3, 1, 4, 4], weight: [1, 1, 3, 3] }, attrs: { stride: 1 } },
  'odd plane': { inputs: { x: [2, 3, 9, 7], weight: [3, 1, 3, 3] }, attrs: { stride: 1 } },
  'one pixel': { inputs: { x: [3, 2, 1, 1], weight: [2, 1, 3, 3] }, attrs: { stride: 1 } },
  'one row': { inputs: { x: [1, 2, 1, 12], weight: [2, 1, 3, 3] }, attrs: { stride: 1 } },
  'one column': { inputs: { x: [1, 2, 7, 1], weight: [2, 1, 3, 3] }, attrs: { stride: 1 } },
  'one past a workgroup': { inputs: { x: [65, 2, 4, 4], weight: [2, 1, 3, 3] }, attrs: { stride: 1 } },
  'stride 2': { inputs: { x: [2, 4, 10, 16], weight: [4, 1, 3, 3] }, attrs: { stride: 2 } },
  'stride 2, a row of no whole vectors': { inputs: { x: [2, 3, 8, 12], weight: [3, 1, 3, 3] }, attrs: { stride: 2 } },
  'stride 2, odd plane': { inputs: { x: [3, 5, 7, 5], weight: [5, 1, 3, 3] }, attrs: { stride: 2 } },
  'stride 2, odd rows of vectors': { inputs: { x: [1, 1, 5, 8], weight: [1, 1, 3, 3] }, attrs: { stride: 2 } },
  'stride 2, one pixel': { inputs: { x: [2, 3, 1, 1], weight: [3, 1, 3, 3] }, attrs: { stride: 2 } },
});
