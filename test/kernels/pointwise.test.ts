import { reference } from '../../kernels/pointwise/reference.ts';
import { pointwise } from '../../src/autograd/ops/pointwise.ts';
import { testOp } from '../support/op.ts';

testOp(pointwise, reference, {
  'a vector of pixels': { inputs: { x: [2, 5, 4, 4], weight: [7, 5, 1, 1], bias: [7] }, attrs: { stride: 1 } },
  'odd plane': { inputs: { x: [3, 4, 5, 3], weight: [18, 4, 1, 1] }, attrs: { stride: 1 } },
  'one past a workgroup': { inputs: { x: [1, 3, 5, 13], weight: [17, 3, 1, 1] }, attrs: { stride: 1 } },
  'two vectors a thread': { inputs: { x: [8, 2, 11, 13], weight: [3, 2, 1, 1] }, attrs: { stride: 1 } },
  'stride 2': { inputs: { x: [2, 3, 8, 6], weight: [5, 3, 1, 1], bias: [5] }, attrs: { stride: 2 } },
  'stride 2, odd': { inputs: { x: [2, 1, 7, 5], weight: [4, 1, 1, 1] }, attrs: { stride: 2 } },
});
