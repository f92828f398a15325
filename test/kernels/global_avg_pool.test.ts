import { reference } from '../../kernels/global_avg_pool/reference.ts';
import { globalAvgPool } from '../../src/autograd/ops/global_avg_pool.ts';
import { testOp } from '../support/op.ts';

testOp(globalAvgPool, reference, {
  'small planes, many a workgroup': { inputs: { x: [13, 5, 4, 4] }, attrs: {} },
  'several threads a plane': { inputs: { x: [3, 7, 8, 8] }, attrs: {} },
  'a workgroup a plane': { inputs: { x: [2, 3, 32, 36] }, attrs: {} },
  'odd planes': { inputs: { x: [3, 5, 7, 11] }, attrs: {} },
  'one pixel': { inputs: { x: [5, 13, 1, 1] }, attrs: {} },
});
