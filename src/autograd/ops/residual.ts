import * as batchNorm from '../../../kernels/batch_norm/launch.ts';
import * as conv3x3 from '../../../kernels/conv3x3/launch.ts';
import * as pointwise from '../../../kernels/pointwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** Weights and biases by the layers' names; gamma and beta of the two normalisations by their numbers. */
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

export interface ResidualAttrs {
  readonly activation: 'gelu' | 'silu';
  readonly stride: 1 | 2;
  /** Running statistics of the two normalisations. */
  readonly running: readonly batchNorm.Running[];
  readonly momentum: number;
  readonly eps: number;
}

/**
 * A whole Residual block in training, x[N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉]: what nn/blocks.ts composes of single layers, with the
 * normalisations' statistics taken where their input is made, and the second one joined with the shortcut, the activation
 * and the statistics of what follows. Only the first activation is stored: each pixel of it is read by many products.
 */
export const residual = defineOp({
  name: 'residual',
  forward(device, inputs: ResidualInputs, attrs: ResidualAttrs) {
    const { x, weight1, bias1, weight2, bias2, shortcut, shortcutBias } = inputs;
    const { stride, activation, running, ...rates } = attrs;
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const [n, c, h, w] = x.shape;
    const [channels] = weight1.shape;
    require(weight1.shape[1] === c, this.name, `weight1 must be [O,${c},3,3]`, weight1.shape);
    const norm = (i: 1 | 2) => ({
      gamma: inputs[`gamma${i}`],
      beta: inputs[`beta${i}`],
      running: running[i - 1],
      ...rates,
    });
    const picture = () => device.tensor([n, channels, Math.ceil(h / stride), Math.ceil(w / stride)], x.dtype);

    const [y1, a1, y2, skip, y] = [picture(), picture(), picture(), picture(), picture()];
    const moments1 = conv3x3.forwardLeaving(device, { x, weight: weight1, bias: bias1, y: y1, stride });
    batchNorm.join(device, { x: y1, moments: moments1, norm: norm(1), activation, y: a1 });
    const moments2 = conv3x3.forwardLeaving(device, { x: a1, weight: weight2, bias: bias2, y: y2, stride: 1 });
    pointwise.forward(device, { x, weight: shortcut, bias: shortcutBias, y: skip, stride });
    const moments = batchNorm.joinLeaving(device, { x: y2, moments: moments2, norm: norm(2), skip, activation, y });
    const norms = [batchNorm.normsIn(moments1), batchNorm.normsIn(moments2)];
    return { y: { ...y, moments: { tensor: moments } }, saved: { inputs, y1, a1, y2, skip, norms } };
  },

  backward(device, dy, { inputs, y1, a1, y2, skip, norms }, { stride, activation }, wanted) {
    const { x, weight1, weight2, shortcut } = inputs;
    const like = (of: Tensor) => device.tensor(of.shape, of.dtype);
    /** Where an input's gradient goes, wanted or not: some come together with others. */
    const into = (name: keyof ResidualInputs) => wanted[name]?.tensor ?? like(inputs[name]);
    const ds = like(y2);
    const slopes2 = batchNorm.backwardParameters(device, {
      ...{ x: y2, dy, norms: norms[1], activation, training: true, joined: { skip, kept: ds } },
      ...{ dgamma: into('gamma2'), dbeta: into('beta2'), dbias: into('bias2'), dbiasBehind: into('shortcutBias') },
    });
    const dy2 = like(y2);
    const behind2 = { x: y2, dy: ds, norms: norms[1], activation: 'none' } as const;
    batchNorm.backwardInput(device, { ...behind2, slopes: slopes2, dx: dy2 });
    if (wanted.weight2) {
      conv3x3.backwardWeight(device, { x: a1, dy: dy2, dweight: wanted.weight2, stride: 1 });
    }
    const da1 = like(a1);
    conv3x3.backwardInput(device, { dy: dy2, weight: weight2, dx: da1, stride: 1 });

    const behind1 = { x: y1, dy: da1, norms: norms[0], activation };
    const slopes1 = batchNorm.backwardParameters(device, {
      ...{ ...behind1, training: true },
      ...{ dgamma: into('gamma1'), dbeta: into('beta1'), dbias: into('bias1') },
    });
    const dy1 = like(y1);
    batchNorm.backwardInput(device, { ...behind1, slopes: slopes1, dx: dy1 });
    if (wanted.weight1) conv3x3.backwardWeight(device, { x, dy: dy1, dweight: wanted.weight1, stride });
    if (wanted.shortcut) pointwise.backwardWeight(device, { x, dy: ds, dweight: wanted.shortcut, stride });
    if (wanted.x) {
      const addend = like(x);
      conv3x3.backwardInput(device, { dy: dy1, weight: weight1, dx: addend, stride });
      pointwise.backwardInput(device, { dy: ds, weight: shortcut, dx: wanted.x.tensor, stride, addend });
    }
  },
});
