import * as conv3x3 from '../../../kernels/conv3x3/launch.ts';
import * as pointwise from '../../../kernels/pointwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** Weights and biases: of the two convolutions with the normalisation behind each inside, and of the shortcut. */
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
  readonly activation: 'gelu' | 'silu';
  readonly stride: 1 | 2;
}

/** A whole Residual block in evaluation, x[N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉]: three kernels, and no backward pass. */
export const residualFolded = defineOp({
  name: 'residualFolded',
  forward(device, inputs: FoldedResidualInputs, { activation, stride }: FoldedResidualAttrs) {
    const { x, weight1, bias1, weight2, bias2, shortcut, shortcutBias } = inputs;
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const [n, c, h, w] = x.shape;
    const [channels] = weight1.shape;
    require(weight1.shape[1] === c, this.name, `weight1 must be [O,${c},3,3]`, weight1.shape);
    const picture = () => device.tensor([n, channels, Math.ceil(h / stride), Math.ceil(w / stride)], x.dtype);

    const [a1, addend, y] = [picture(), picture(), picture()];
    conv3x3.forward(device, { x, weight: weight1, bias: bias1, y: a1, stride, activation });
    conv3x3.forward(device, { x: a1, weight: weight2, bias: bias2, y: addend, stride: 1 });
    pointwise.forward(device, { x, weight: shortcut, bias: shortcutBias, addend, y, stride, activation });
    return { y, saved: undefined };
  },
  backward() {
    throw new Error(`${this.name} has no backward pass: for gradients, evaluate without folded weights`);
  },
});
