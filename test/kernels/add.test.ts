import { reference } from '../../kernels/elementwise/reference.ts';
import { add } from '../../src/autograd/ops/add.ts';
import { testOp } from '../support/op.ts';

testOp(add, reference, {
  'one element': { inputs: { a: [1], b: [1] }, attrs: {} },
  'an odd number': { inputs: { a: [5, 13], b: [5, 13] }, attrs: {} },
  'a workgroup of vectors': { inputs: { a: [2, 2, 8, 8], b: [2, 2, 8, 8] }, attrs: {} },
  'one past it': { inputs: { a: [1, 5, 4, 13], b: [1, 5, 4, 13] }, attrs: {} },
});
