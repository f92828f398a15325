import { reference } from '../../kernels/linear/reference.ts';
import { linear } from '../../src/autograd/ops/linear.ts';
import { testOp } from '../support/op.ts';

testOp(linear, reference, {
  'one output': { inputs: { x: [1, 7], weight: [1, 7], bias: [1] }, attrs: {} },
  'no bias': { inputs: { x: [3, 4], weight: [5, 4] }, attrs: {} },
  'exactly a workgroup': { inputs: { x: [8, 6], weight: [64, 6], bias: [64] }, attrs: {} },
  'one past a workgroup': { inputs: { x: [9, 5], weight: [65, 5], bias: [65] }, attrs: {} },
  'a head': { inputs: { x: [4, 64], weight: [40, 64], bias: [40] }, attrs: {} },
});
