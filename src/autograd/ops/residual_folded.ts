import { type ActivationKind, activationKinds } from '../../../kernels/activation/table.ts';
import * as conv3x3 from '../../../kernels/conv3x3/launch.ts';
import * as pointwise from '../../../kernels/pointwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, requireInputs, requireOneOf, requireStride } from '../requirements.ts';

/** Weights and biases of the two convolutions, each with its normalisation folded into it, and of the shortcut. */
export type FoldedResidualInputs = {
  x: Tensor;
  weight1: Tensor;
  bias1: Tensor;
  weight2: Tensor;
  bias2: Tensor;
  shortcut: Tensor;
  shortcutBias: Tensor;
};

export interface FoldedResidualAttrs {
  readonly activation: ActivationKind;
  readonly stride: 1 | 2;
}

/** A whole Residual block, for evaluation only: x[N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉], by three kernels. */
export const residualFolded = defineOp({
  name: 'residualFolded',
  shape(inputs: FoldedResidualInputs, { activation, stride }: FoldedResidualAttrs) {
    const { N, H, W, O } = requireInputs(this.name, inputs, {
      x: float('N', 'C', 'H', 'W'),
      ...{ weight1: f32('O', 'C', 3, 3), bias1: f32('O') },
      ...{ weight2: f32('O', 'O', 3, 3), bias2: f32('O') },
      ...{ shortcut: f32('O', 'C', 1, 1), shortcutBias: f32('O') },
    });
    requireOneOf(this.name, 'activation', activation, activationKinds);
    requireStride(this.name, stride);
    return [N, O, Math.ceil(H / stride), Math.ceil(W / stride)];
  },
  forward(device, inputs, { activation, stride }) {
    const { x, weight1, bias1, weight2, bias2, shortcut, shortcutBias } = inputs;
    const shape = this.shape(inputs, { activation, stride });
    const [a1, addend, y] = [0, 1, 2].map(() => device.tensor(shape, x.dtype));
    conv3x3.forward(device, { x, weight: weight1, bias: bias1, y: a1, stride, activation });
    conv3x3.forward(device, { x: a1, weight: weight2, bias: bias2, y: addend, stride: 1 });
    pointwise.forward(device, { x, weight: shortcut, bias: shortcutBias, addend, y, stride, activation });
    return { y, saved: undefined };
  },
});
