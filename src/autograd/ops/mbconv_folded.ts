import * as depthwise from '../../../kernels/depthwise/launch.ts';
import * as globalAvgPool from '../../../kernels/global_avg_pool/launch.ts';
import * as pointwise from '../../../kernels/pointwise/launch.ts';
import { excite, type SqueezeExciteAttrs } from '../../../kernels/squeeze_excite/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';
import { skipOf } from './mbconv.ts';

/**
 * Weights and biases: of the three convolutions (expand, depthwise, project) with the normalisations around each inside,
 * of the gate's two layers and of the shortcut.
 */
export type FoldedMBConvInputs = {
  x: Tensor;
  weight1: Tensor;
  bias1: Tensor;
  weight2: Tensor;
  bias2: Tensor;
  weight3: Tensor;
  bias3: Tensor;
  reduceWeight: Tensor;
  reduceBias: Tensor;
  expandWeight: Tensor;
  expandBias: Tensor;
  /** Missing where the shortcut is x itself. */
  shortcut?: Tensor;
  shortcutBias?: Tensor;
};

export interface FoldedMBConvAttrs extends SqueezeExciteAttrs {
  readonly stride: 1 | 2;
}

/**
 * A whole MBConv in evaluation, x[N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉]: expand, depthwise, squeeze, excite, project, and what the
 * shortcut takes. It has no backward pass.
 */
export const mbconvFolded = defineOp({
  name: 'mbconvFolded',
  forward(device, inputs: FoldedMBConvInputs, { stride, ...kinds }: FoldedMBConvAttrs) {
    const { x, weight1, bias1, weight2, bias2, weight3, bias3 } = inputs;
    const { activation } = kinds;
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const [n, c, h, w] = x.shape;
    const [hidden] = weight1.shape;
    const [channels] = weight3.shape;
    require(weight1.shape[1] === c, this.name, `weight1 must be [H,${c},1,1]`, weight1.shape);
    const small = [Math.ceil(h / stride), Math.ceil(w / stride)];
    const picture = (...shape: number[]) => device.tensor(shape, x.dtype);

    const e = picture(n, hidden, h, w);
    pointwise.forward(device, { x, weight: weight1, bias: bias1, y: e, stride: 1, activation });
    const d = picture(n, hidden, ...small);
    const means = depthwise.forwardLeaving(device, { x: e, weight: weight2, bias: bias2, y: d, stride, activation });
    const squeezed = device.tensor([n, hidden]);
    globalAvgPool.forward(device, { x: means, y: squeezed });
    const { gate } = excite(device, { squeezed, ...inputs }, kinds);

    const { skip } = skipOf(device, inputs, stride);
    const y = picture(n, channels, ...small);
    pointwise.forward(device, { x: d, weight: weight3, bias: bias3, gate, addend: skip, y, stride: 1 });
    return { y, saved: undefined };
  },
  backward() {
    throw new Error(`${this.name} has no backward pass: for gradients, evaluate without folded weights`);
  },
});
