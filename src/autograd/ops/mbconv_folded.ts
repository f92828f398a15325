import * as depthwise from '../../../kernels/depthwise/launch.ts';
import * as globalAvgPool from '../../../kernels/global_avg_pool/launch.ts';
import * as pointwise from '../../../kernels/pointwise/launch.ts';
import { excite } from '../../../kernels/squeeze_excite/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, requireInputs } from '../requirements.ts';
import { forwardShortcut } from './mbconv.ts';
import {
  gateOfBlock,
  hasAny,
  layersOfGate,
  type MBConvKinds,
  requireKernel,
  requireKinds,
  requireShortcut,
  shortcutLayer,
} from './mbconv_shape.ts';

/**
 * Weights and biases of the three convolutions (1 expand, 2 depthwise, 3 project), with the normalisations beside them
 * folded into them, of the gate's two layers and of the shortcut.
 */
export type FoldedMBConvInputs = {
  x: Tensor;
  /** Missing if the depthwise convolution reads x. */
  weight1?: Tensor;
  bias1?: Tensor;
  weight2: Tensor;
  bias2: Tensor;
  weight3: Tensor;
  bias3: Tensor;
  /** Missing if the block has no squeeze-and-excite. */
  reduceWeight?: Tensor;
  reduceBias?: Tensor;
  expandWeight?: Tensor;
  expandBias?: Tensor;
  /** Missing if the shortcut is x itself, or x pooled at stride 2, or if there is none. */
  shortcut?: Tensor;
  shortcutBias?: Tensor;
};

/**
 * A whole MBConv, for evaluation only: x[N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉], by one kernel each for expand, depthwise, squeeze,
 * excite and project, and those of the shortcut.
 */
export const mbconvFolded = defineOp({
  name: 'mbconvFolded',
  shape(inputs: FoldedMBConvInputs, attrs: MBConvKinds) {
    const expands = hasAny(inputs, 'weight1', 'bias1');
    const hidden = expands ? 'E' : 'C';
    const extents = requireInputs(this.name, inputs, {
      x: float('N', 'C', 'H', 'W'),
      ...(expands && { weight1: f32('E', 'C', 1, 1), bias1: f32('E') }),
      ...{ weight2: f32(hidden, 1, 'K', 'L'), bias2: f32(hidden), ...gateOfBlock(inputs, hidden) },
      ...{ weight3: f32('O', hidden, 1, 1), bias3: f32('O'), ...shortcutLayer },
    });
    const { N, H, W, O, R } = extents;
    requireKernel(this.name, extents);
    requireShortcut(this.name, inputs, extents, attrs);
    requireKinds(this.name, R, attrs);
    return [N, O, Math.ceil(H / attrs.stride), Math.ceil(W / attrs.stride)];
  },
  forward(device, inputs, attrs) {
    const { x, weight1, bias1, weight2, bias2, weight3, bias3 } = inputs;
    const { stride, activation, se, skip: adds } = attrs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    const [n, , ...extents] = y.shape;
    const [hidden] = weight2.shape;

    let e = x;
    if (weight1) {
      e = device.tensor([n, hidden, ...x.shape.slice(2)], x.dtype);
      pointwise.forward(device, { x, weight: weight1, bias: bias1, y: e, stride: 1, activation });
    }
    const d = device.tensor([n, hidden, ...extents], x.dtype);
    const convolution = { x: e, weight: weight2, bias: bias2, y: d, stride, activation };
    let gate: Tensor | undefined;
    if (se) {
      const squeezed = device.tensor([n, hidden]);
      globalAvgPool.forward(device, { x: depthwise.forwardWithMeans(device, convolution), y: squeezed });
      ({ gate } = excite(device, { squeezed, ...layersOfGate(inputs) }, se));
    } else depthwise.forward(device, convolution);

    const { skip } = adds ? forwardShortcut(device, inputs, stride) : {};
    pointwise.forward(device, { x: d, weight: weight3, bias: bias3, gate, addend: skip, y, stride: 1 });
    return { y, saved: undefined };
  },
});
