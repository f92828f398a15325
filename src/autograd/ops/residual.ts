import { type ActivationKind, activationKinds } from '../../../kernels/activation/table.ts';
import * as batchNorm from '../../../kernels/batch_norm/launch.ts';
import * as conv3x3 from '../../../kernels/conv3x3/launch.ts';
import * as pointwise from '../../../kernels/pointwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, requireInputs, requireOneOf, requireStride } from '../requirements.ts';
import { type BatchNormRates, requireAllRunning, requireBatch, requireRates } from './batch_norm.ts';

/** Weights and biases of the layers; gamma and beta of normalisation 1 and 2. */
export type ResidualInputs = {
  x: Tensor;
  weight1: Tensor;
  bias1: Tensor;
  gamma1: Tensor;
  beta1: Tensor;
  weight2: Tensor;
  bias2: Tensor;
  gamma2: Tensor;
  beta2: Tensor;
  shortcut: Tensor;
  shortcutBias: Tensor;
};

/** The stride, the running statistics, the activation and the rates of a residual block. */
export interface ResidualAttrs extends BatchNormRates {
  readonly activation: ActivationKind;
  readonly stride: 1 | 2;
  /** Running statistics of the two normalisations. */
  readonly running: readonly batchNorm.Running[];
}

/**
 * A whole Residual block in training, x[N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉]: the layers that nn/blocks.ts composes, with moments
 * summed by the convolutions that compute a normalisation's input. The second normalisation, the sum with the shortcut, the
 * activation and y's moments are one kernel. Of the activations only the first is stored, as conv2 reads each of its pixels
 * many times.
 */
export const residual = defineOp({
  name: 'residual',
  shape(inputs: ResidualInputs, { stride, activation, running, ...rates }: ResidualAttrs) {
    const { N, H, W, O } = requireInputs(this.name, inputs, {
      x: float('N', 'C', 'H', 'W'),
      ...{ weight1: f32('O', 'C', 3, 3), bias1: f32('O'), gamma1: f32('O'), beta1: f32('O') },
      ...{ weight2: f32('O', 'O', 3, 3), bias2: f32('O'), gamma2: f32('O'), beta2: f32('O') },
      ...{ shortcut: f32('O', 'C', 1, 1), shortcutBias: f32('O') },
    });
    requireStride(this.name, stride);
    requireOneOf(this.name, 'activation', activation, activationKinds);
    requireRates(this.name, rates);
    requireAllRunning(this.name, running, [O, O]);
    const shape = [N, O, Math.ceil(H / stride), Math.ceil(W / stride)];
    requireBatch(this.name, 'the output', shape);
    return shape;
  },

  forward(device, inputs, attrs) {
    const { x, weight1, bias1, weight2, bias2, shortcut, shortcutBias } = inputs;
    const { stride, activation, running, ...rates } = attrs;
    const shape = this.shape(inputs, attrs);
    const [y1, a1, y2, skip, y] = [0, 1, 2, 3, 4].map(() => device.tensor(shape, x.dtype));
    const norm = (i: 1 | 2) => ({
      gamma: inputs[`gamma${i}`],
      beta: inputs[`beta${i}`],
      running: running[i - 1],
      ...rates,
    });
    const moments1 = conv3x3.forwardWithMoments(device, { x, weight: weight1, bias: bias1, y: y1, stride });
    batchNorm.normalizeBatch(device, { x: y1, moments: moments1, norm: norm(1), activation, y: a1 });
    const moments2 = conv3x3.forwardWithMoments(device, { x: a1, weight: weight2, bias: bias2, y: y2, stride: 1 });
    pointwise.forward(device, { x, weight: shortcut, bias: shortcutBias, y: skip, stride });
    const moments = batchNorm.normalizeBatchWithMoments(device, {
      x: y2,
      moments: moments2,
      norm: norm(2),
      skip,
      activation,
      y,
    });
    const norms = [batchNorm.storedNorms(moments1), batchNorm.storedNorms(moments2)];
    return { y, moments, saved: { inputs, y1, a1, y2, skip, norms } };
  },

  backward(device, dy, { inputs, y1, a1, y2, skip, norms }, { stride, activation }, wanted) {
    const { x, weight1, weight2, shortcut } = inputs;
    const like = (of: Tensor) => device.tensor(of.shape, of.dtype);
    /** The tensor of an input's gradient. A kernel that computes several gradients needs them all, wanted or not. */
    const gradientOf = (name: keyof ResidualInputs) => wanted[name]?.tensor ?? like(inputs[name]);
    const [dskip, dy2] = [like(y2), like(y2)];
    batchNorm.backward(device, {
      ...{ x: y2, dy, norms: norms[1], activation, training: true, added: { skip, dskip }, dx: dy2 },
      parameters: {
        ...{ dgamma: gradientOf('gamma2'), dbeta: gradientOf('beta2') },
        ...{ dbias: gradientOf('bias2'), dbiasAfter: gradientOf('shortcutBias') },
      },
    });
    if (wanted.weight2) {
      conv3x3.backwardWeight(device, { x: a1, dy: dy2, dweight: wanted.weight2, stride: 1 });
    }
    const da1 = like(a1);
    conv3x3.backwardInput(device, { dy: dy2, weight: weight2, dx: da1, stride: 1 });

    const dy1 = like(y1);
    batchNorm.backward(device, {
      ...{ x: y1, dy: da1, norms: norms[0], activation, training: true, dx: dy1 },
      parameters: { dgamma: gradientOf('gamma1'), dbeta: gradientOf('beta1'), dbias: gradientOf('bias1') },
    });
    if (wanted.weight1) conv3x3.backwardWeight(device, { x, dy: dy1, dweight: wanted.weight1, stride });
    if (wanted.shortcut) pointwise.backwardWeight(device, { x, dy: dskip, dweight: wanted.shortcut, stride });
    if (wanted.x) {
      const addend = like(x);
      conv3x3.backwardInput(device, { dy: dy1, weight: weight1, dx: addend, stride });
      pointwise.backwardInput(device, { dy: dskip, weight: shortcut, dx: wanted.x.tensor, stride, addend });
    }
  },
});
