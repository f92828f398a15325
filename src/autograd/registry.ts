// The registry of ops: one row an op. The doctor and the tests check whatever is here.

import { reference as activation } from '../../kernels/activation/reference.ts';
import { reference as avgPool } from '../../kernels/avg_pool/reference.ts';
import { referenceWith } from '../../kernels/batch_norm/reference.ts';
import { zeros } from '../../kernels/common/reference.ts';
import { reference as concat } from '../../kernels/concat/reference.ts';
import { reference as conv3x3 } from '../../kernels/conv3x3/reference.ts';
import { reference as crossEntropy } from '../../kernels/cross_entropy/reference.ts';
import { reference as depthwise } from '../../kernels/depthwise/reference.ts';
import { reference as dropout } from '../../kernels/dropout/reference.ts';
import * as elementwise from '../../kernels/elementwise/reference.ts';
import { reference as fuse } from '../../kernels/fuse/reference.ts';
import { reference as globalAvgPool } from '../../kernels/global_avg_pool/reference.ts';
import { reference as grey } from '../../kernels/grey/reference.ts';
import { reference as linear } from '../../kernels/linear/reference.ts';
import { reference as matmul } from '../../kernels/matmul/reference.ts';
import { reference as maxPool } from '../../kernels/max_pool/reference.ts';
import * as mbconv from '../../kernels/mbconv/reference.ts';
import { reference as meanSquaredError } from '../../kernels/mean_squared_error/reference.ts';
import { reference as pointwise } from '../../kernels/pointwise/reference.ts';
import * as reshape from '../../kernels/reshape/reference.ts';
import * as residual from '../../kernels/residual/reference.ts';
import { reference as softmax } from '../../kernels/softmax/reference.ts';
import { reference as squeezeExcite } from '../../kernels/squeeze_excite/reference.ts';
import { view } from '../runtime/tensor.ts';
import { defineRow, type OpRow, type Upload } from './op_row.ts';
import { activationKinds } from './ops/activation.ts';
import type { BatchNormAttrs } from './ops/batch_norm.ts';
import { fusionFormulas } from './ops/fuse.ts';
import * as ops from './ops/index.ts';
import { mbconvFolded } from './ops/mbconv_folded.ts';
import { residualFolded } from './ops/residual_folded.ts';

const PAIR = { inputs: { a: '...', b: '...' }, half: [], cases: [{ shape: [7, 9], attrs: {} }] };
const CONVOLVED = [2, 5, 6, 8];
/** Channels of products that have kernels of their own. */
const WIDE = 33;
const RATES = { momentum: 0.1, eps: 1e-5 };
const SEED = [5, 6] as const;
const KINDS = { activation: 'gelu', gate: 'sigmoid' } as const;
const BLOCK = { activation: 'gelu', se: KINDS, skip: true } as const;
const GATE = { reduceWeight: 'R E 1 1', reduceBias: 'R', expandWeight: 'E R 1 1', expandBias: 'E' };
const SHORTCUT = { shortcut: 'O C 1 1', shortcutBias: 'O' };

/** Running statistics as a ParameterSet stores them: one storage, mean before variance, each at a multiple of 256 bytes. */
function running(upload: Upload, channels: number) {
  const stride = 64 * Math.ceil(channels / 64);
  const both = upload(new Float32Array(stride + channels).fill(1, stride), [stride + channels]);
  return { mean: view(both, 0, [channels]), variance: view(both, 4 * stride, [channels]) };
}

/** A class for each of n rows. */
const classes = (n: number, k: number) => Int32Array.from({ length: n }, (_, row) => (7 * row + 3) % k);

const classWeights = (k: number) => Array.from({ length: k }, (_, i) => 0.5 + i / 4);

/** Every op: those of `ops`, and those that only blocks use. */
export const registry = {
  activation: defineRow({
    op: ops.activation,
    reference: activation,
    inputs: { x: '...' },
    cases: activationKinds.map((kind) => ({ shape: [3, 50], attrs: { kind } })),
  }),
  add: defineRow({ op: ops.add, reference: elementwise.add, ...PAIR }),
  avgPool: defineRow({
    op: ops.avgPool,
    reference: avgPool,
    inputs: { x: 'N C H W' },
    cases: [{ shape: [2, 5, 6, 8], attrs: { kernel: 3, stride: 2, padding: 1 } }],
  }),
  batchNorm: defineRow({
    op: ops.batchNorm,
    reference: (inputs, attrs: BatchNormAttrs) => {
      const { shape } = inputs.gamma;
      const given = { mean: zeros(shape), variance: zeros(shape).each(() => 1) };
      return referenceWith(attrs.training ? undefined : given)(inputs, attrs);
    },
    inputs: { x: 'N C H W', gamma: 'C', beta: 'C' },
    tensors: ({ C }, upload) => ({ running: running(upload, C) }),
    cases: [
      ...(['none', 'gelu', 'silu'] as const).map((activation) => ({ training: true, activation })),
      { training: false, activation: 'gelu' as const },
    ].map((mode) => ({ shape: [3, 4, 6, 8], attrs: { ...mode, ...RATES } })),
  }),
  concat: defineRow({
    op: ops.concat,
    reference: concat,
    inputs: { a: 'N A H W', b: 'N B H W' },
    half: [],
    cases: [{ shape: [2, 3, 4, 4], extents: { B: 5 }, attrs: {} }],
  }),
  conv3x3: defineRow({
    op: ops.conv3x3,
    reference: conv3x3,
    inputs: { x: 'N C H W', weight: 'O C 3 3', bias: 'O' },
    optional: ['bias'],
    cases: [
      ...[1, 2].map((stride) => ({ shape: CONVOLVED, extents: { O: 6 }, attrs: { stride } })),
      { shape: [2, WIDE, 4, 8], extents: { O: 36 }, attrs: { stride: 1 } },
    ],
  }),
  crossEntropy: defineRow({
    op: ops.crossEntropy,
    reference: ({ logits }, attrs: { labelSmoothing: number }) =>
      crossEntropy(
        { logits },
        {
          ...attrs,
          ...{ targets: classes(logits.shape[0], logits.shape[1]), mix: 0.75, weights: classWeights(logits.shape[1]) },
        },
      ),
    inputs: { logits: 'N K' },
    optional: ['labelSmoothing', 'totals', 'mix', 'weights'],
    tensors: ({ N, K }, upload) => ({
      ...{ targets: upload(classes(N, K), [N]), totals: upload(new Float32Array(2), [2]) },
      ...{ mix: upload(Float32Array.of(0.75), [1]), weights: upload(Float32Array.from(classWeights(K)), [K]) },
    }),
    cases: [{ shape: [5, 6], attrs: { labelSmoothing: 0.1 } }],
  }),
  depthwise: defineRow({
    op: ops.depthwise,
    reference: depthwise,
    inputs: { x: 'N C H W', weight: 'C 1 K K' },
    cases: [3, 5].flatMap((K) => [1, 2].map((stride) => ({ shape: CONVOLVED, extents: { K }, attrs: { stride } }))),
  }),
  dropout: defineRow({
    op: ops.dropout,
    reference: (inputs, attrs: { p: number; stream: number }) => dropout(inputs, { ...attrs, seed: SEED }),
    inputs: { x: '...' },
    tensors: (_, upload) => ({ seed: upload(Uint32Array.from([...SEED, 0]), [3]) }), // for a micro-batch, the first one
    cases: [{ shape: [4, 30], attrs: { p: 0.3, stream: 1 } }],
  }),
  flatten: defineRow({
    op: ops.flatten,
    reference: reshape.flatten,
    inputs: { x: '...' },
    cases: [{ shape: [2, 5, 6, 8], attrs: {} }],
  }),
  fuse: defineRow({
    op: ops.fuse,
    reference: fuse,
    inputs: { yang: '...', yin: '...' },
    half: [],
    cases: fusionFormulas.map((formula) => ({ shape: [2, 3, 5, 4], attrs: { formula } })),
  }),
  globalAvgPool: defineRow({
    op: ops.globalAvgPool,
    reference: globalAvgPool,
    inputs: { x: 'N C H W' },
    cases: [{ shape: [2, 5, 6, 8], attrs: {} }],
  }),
  grey: defineRow({
    op: ops.grey,
    reference: grey,
    inputs: { x: 'N C H W' },
    cases: (['mean', 'first'] as const).map((mode) => ({ shape: [2, 3, 4, 6], attrs: { mode } })),
  }),
  linear: defineRow({
    op: ops.linear,
    reference: linear,
    inputs: { x: 'N I', weight: 'O I', bias: 'O' },
    half: ['x', 'weight'],
    optional: ['bias'],
    cases: [{ shape: [5, 9], extents: { O: 6 }, attrs: {} }],
  }),
  matmul: defineRow({
    op: ops.matmul,
    reference: matmul,
    inputs: { a: 'M K', b: 'K N' },
    half: [],
    cases: [{ shape: [5, 9], extents: { N: 6 }, attrs: {} }],
  }),
  maxPool: defineRow({
    op: ops.maxPool,
    reference: maxPool,
    inputs: { x: 'N C H W' },
    cases: [{ shape: [2, 3, 6, 16], attrs: {} }],
  }),
  mbconv: defineRow({
    op: ops.mbconv,
    reference: mbconv.reference,
    inputs: {
      ...{ x: 'N C H W', gamma0: 'C', beta0: 'C', expand: 'E C 1 1', gamma1: 'E', beta1: 'E' },
      ...{ depthwise: 'E 1 K K', gamma2: 'E', beta2: 'E', ...GATE },
      ...{ project: 'O E 1 1', gamma3: 'O', beta3: 'O', ...SHORTCUT },
    },
    optional: ['shortcutBias'],
    // `norms` counts the normalisations; a block of two has no expansion, and E is C.
    tensors: ({ C, E, O, norms }, upload) => ({
      running: [C, E, norms === 2 ? C : E, O].slice(-norms).map((channels) => running(upload, channels)),
    }),
    cases: [
      { shape: [2, 4, 6, 8], extents: { E: 12, R: 3, O: 5, K: 3, norms: 4 }, attrs: { stride: 2, ...BLOCK, ...RATES } },
      {
        shape: [2, 4, 6, 8],
        extents: { E: 12, R: 3, O: 4, K: 3, norms: 4 },
        attrs: { stride: 1, ...BLOCK, ...RATES },
        without: ['shortcut', 'shortcutBias'],
      },
      {
        shape: [2, WIDE, 4, 8],
        extents: { E: 64, R: 3, O: WIDE, K: 3, norms: 4 },
        attrs: { stride: 1, ...BLOCK, ...RATES },
        without: ['shortcut', 'shortcutBias'],
      },
      {
        shape: [2, 4, 6, 8],
        extents: { E: 10, R: 3, O: 4, K: 5, norms: 3 },
        attrs: { stride: 1, activation: 'silu', se: KINDS, skip: true, ...RATES },
        without: ['gamma0', 'beta0', 'shortcut', 'shortcutBias'],
      },
      {
        shape: [2, 4, 6, 8],
        extents: { E: 4, R: 1, O: 5, K: 3, norms: 2 },
        attrs: { stride: 2, activation: 'gelu', skip: false, ...RATES },
        without: ['gamma0', 'beta0', 'expand', 'gamma1', 'beta1', ...Object.keys(GATE), ...Object.keys(SHORTCUT)],
      },
    ],
  }),
  mbconvFolded: defineRow({
    op: mbconvFolded,
    reference: mbconv.folded,
    inputs: {
      ...{ x: 'N C H W', weight1: 'E C 1 1', bias1: 'E', weight2: 'E 1 3 3', bias2: 'E' },
      ...{ weight3: 'O E 1 1', bias3: 'O', ...GATE, ...SHORTCUT },
    },
    optional: ['shortcutBias'],
    cases: [{ shape: [2, 4, 6, 8], extents: { E: 12, R: 3, O: 5 }, attrs: { stride: 2, ...BLOCK } }],
  }),
  meanSquaredError: defineRow({
    op: ops.meanSquaredError,
    reference: meanSquaredError,
    inputs: { prediction: '...', target: '...' },
    half: [],
    cases: [{ shape: [7, 9], attrs: {} }],
  }),
  mul: defineRow({ op: ops.mul, reference: elementwise.mul, ...PAIR }),
  pointwise: defineRow({
    op: ops.pointwise,
    reference: pointwise,
    inputs: { x: 'N C H W', weight: 'O C 1 1', bias: 'O' },
    optional: ['bias'],
    cases: [
      ...[1, 2].map((stride) => ({ shape: CONVOLVED, extents: { O: 7 }, attrs: { stride } })),
      { shape: [2, WIDE, 4, 8], extents: { O: 64 }, attrs: { stride: 1 } },
    ],
  }),
  reshape: defineRow({
    op: ops.reshape,
    reference: reshape.reshape,
    inputs: { x: '...' },
    cases: [{ shape: [2, 5, 6, 8], attrs: { shape: [-1, 2] } }],
  }),
  residual: defineRow({
    op: ops.residual,
    reference: residual.reference,
    inputs: {
      ...{ x: 'N C H W', weight1: 'O C 3 3', bias1: 'O', gamma1: 'O', beta1: 'O' },
      ...{ weight2: 'O O 3 3', bias2: 'O', gamma2: 'O', beta2: 'O', ...SHORTCUT },
    },
    tensors: ({ O }, upload) => ({ running: [O, O].map((channels) => running(upload, channels)) }),
    cases: [{ shape: [2, 3, 6, 8], extents: { O: 5 }, attrs: { stride: 2, activation: 'silu', ...RATES } }],
  }),
  residualFolded: defineRow({
    op: residualFolded,
    reference: residual.folded,
    inputs: {
      ...{ x: 'N C H W', weight1: 'O C 3 3', bias1: 'O', weight2: 'O O 3 3', bias2: 'O', ...SHORTCUT },
    },
    cases: [{ shape: [2, 3, 6, 8], extents: { O: 5 }, attrs: { stride: 2, activation: 'silu' } }],
  }),
  scale: defineRow({
    op: ops.scale,
    reference: elementwise.scale,
    inputs: { x: '...' },
    cases: [{ shape: [7, 9], attrs: { factor: -0.3 } }],
  }),
  softmax: defineRow({
    op: ops.softmax,
    reference: softmax,
    inputs: { x: 'N K' },
    cases: [{ shape: [5, 9], attrs: {} }],
  }),
  squeezeExcite: defineRow({
    op: ops.squeezeExcite,
    reference: squeezeExcite,
    inputs: { x: 'N E H W', ...GATE },
    cases: [{ shape: [2, 8, 4, 4], extents: { R: 2 }, attrs: KINDS }],
  }),
  sub: defineRow({ op: ops.sub, reference: elementwise.sub, ...PAIR }),
} satisfies Record<keyof typeof ops | 'mbconvFolded' | 'residualFolded', OpRow>;

/** The rows of all ops. */
export const rows: readonly OpRow[] = Object.values(registry);
