import { reference } from '../../kernels/grey/reference.ts';
import { grey } from '../../src/autograd/ops/grey.ts';
import { testOp } from '../support/op.ts';

testOp(grey, reference, {
  mean: { inputs: { x: [2, 3, 4, 6] }, attrs: { mode: 'mean' } },
  'mean, odd, past a workgroup': { inputs: { x: [2, 3, 7, 5] }, attrs: { mode: 'mean' } },
  first: { inputs: { x: [3, 3, 8, 12] }, attrs: { mode: 'first' } },
  'first, odd': { inputs: { x: [3, 4, 3, 3] }, attrs: { mode: 'first' } },
  'one channel, one pixel': { inputs: { x: [2, 1, 1, 1] }, attrs: { mode: 'mean' } },
});
