import { convolution } from '../../../kernels/common/onnx.ts';
import * as kernels from '../../../kernels/conv3x3/launch.ts';
import * as reduce from '../../../kernels/reduce/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, optional, requireInputs, requireStride } from '../requirements.ts';

/** 3×3 convolution, padding 1, stride 1 or 2: x[N,C,H,W], weight[O,C,3,3], bias[O] → [N,O,⌈H/s⌉,⌈W/s⌉]. */
export const conv3x3 = defineOp({
  name: 'conv3x3',
  shape(inputs: { x: Tensor; weight: Tensor; bias?: Tensor }, { stride }: { stride: number }) {
    const { N, H, W, O } = requireInputs(this.name, inputs, {
      x: float('N', 'C', 'H', 'W'),
      weight: f32('O', 'C', 3, 3),
      bias: optional(f32('O')),
    });
    requireStride(this.name, stride);
    return [N, O, Math.ceil(H / stride), Math.ceil(W / stride)];
  },
  forward(device, inputs, { stride }) {
    const { x, weight } = inputs;
    const y = device.tensor(this.shape(inputs, { stride }), x.dtype);
    kernels.forward(device, { ...inputs, y, stride });
    return { y, saved: { x, weight } };
  },
  backward(device, dy, { x, weight }, { stride }, wanted) {
    if (wanted.x) kernels.backwardInput(device, { dy, weight, dx: wanted.x.tensor, stride });
    if (wanted.weight) kernels.backwardWeight(device, { x, dy, dweight: wanted.weight, stride });
    if (wanted.bias) reduce.channelSum(device, { x: dy, total: wanted.bias });
  },
  onnx: (graph, inputs, { stride }) => convolution(graph, inputs, { stride }),
});
