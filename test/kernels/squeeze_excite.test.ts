import { reference } from '../../kernels/squeeze_excite/reference.ts';
import { activationKinds } from '../../src/autograd/ops/activation.ts';
import { squeezeExcite } from '../../src/autograd/ops/squeeze_excite.ts';
import { testOp } from '../support/op.ts';

const inputs = (n: number, c: number, r: number, h: number, w: number) => ({
  x: [n, c, h, w],
  reduceWeight: [r, c, 1, 1],
  reduceBias: [r],
  expandWeight: [c, r, 1, 1],
  expandBias: [c],
});

testOp(squeezeExcite, reference, {
  'gelu, sigmoid': { inputs: inputs(5, 6, 3, 4, 4), attrs: { activation: 'gelu', gate: 'sigmoid' } },
  'silu, hard_sigmoid, odd': {
    inputs: inputs(3, 5, 2, 7, 5),
    attrs: { activation: 'silu', gate: 'hard_sigmoid' },
    eps: 2e-3,
  },
  ...Object.fromEntries(
    activationKinds.map((kind) => [
      `${kind} as activation and gate`,
      { inputs: inputs(3, 5, 3, 4, 8), attrs: { activation: kind, gate: kind }, eps: 5e-4 },
    ]),
  ),
  'more channels than threads': {
    inputs: inputs(2, 65, 66, 2, 2),
    attrs: { activation: 'silu', gate: 'sigmoid' },
    eps: 5e-4, // sums of many unit normals bend sharply
  },
  'one of everything': { inputs: inputs(1, 1, 1, 1, 1), attrs: { activation: 'gelu', gate: 'sigmoid' } },
  'a workgroup a plane': { inputs: inputs(2, 3, 1, 16, 20), attrs: { activation: 'gelu', gate: 'hard_sigmoid' } },
});
