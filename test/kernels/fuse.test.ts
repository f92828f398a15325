import { reference } from '../../kernels/fuse/reference.ts';
import { fuse, fusionFormulas } from '../../src/autograd/ops/fuse.ts';
import { testOp } from '../support/op.ts';

for (const formula of fusionFormulas) {
  testOp(fuse, reference, {
    [formula]: { inputs: { yang: [2, 3, 5, 4], yin: [2, 3, 5, 4] }, attrs: { formula } },
  });
}
testOp(fuse, reference, {
  'odd, past a workgroup': { inputs: { yang: [1, 5, 7, 3], yin: [1, 5, 7, 3] }, attrs: { formula: 'a*(1-i)+a-i' } },
});
