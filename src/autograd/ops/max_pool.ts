import * as kernels from '../../../kernels/max_pool/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { float, requireInputs } from '../requirements.ts';

/** Max pooling 3×3, stride 2, padding 1: x[N,C,H,W] → [N,C,⌈H/2⌉,⌈W/2⌉]. PyTorch's max_pool2d(3, 2, 1). */
export const maxPool = defineOp({
  name: 'maxPool',
  shape(inputs: { x: Tensor }, _: object) {
    const { N, C, H, W } = requireInputs(this.name, inputs, { x: float('N', 'C', 'H', 'W') });
    return [N, C, Math.ceil(H / 2), Math.ceil(W / 2)];
  },
  forward(device, inputs, attrs) {
    const { x } = inputs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    return { y, saved: { largest: kernels.forward(device, { x, y }) } };
  },
  backward(device, dy, { largest }, _attrs, wanted) {
    if (wanted.x) kernels.backward(device, { dy, largest, dx: wanted.x.tensor });
  },
  onnx: (graph, { x }) => graph.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
});
