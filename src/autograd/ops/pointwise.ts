import { convolution } from '../../../kernels/common/onnx.ts';
import * as kernels from '../../../kernels/pointwise/launch.ts';
import * as reduce from '../../../kernels/reduce/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, optional, requireInputs, requireThat } from '../requirements.ts';

/** 1×1 convolution: x[N,C,H,W], weight[O,C,1,1], bias[O] → [N,O,⌈H/s⌉,⌈W/s⌉]. PyTorch's conv2d, kernel 1. */
export const pointwise = defineOp({
  name: 'pointwise',
  shape(inputs: { x: Tensor; weight: Tensor; bias?: Tensor }, { stride }: { stride: number }) {
    const { N, H, W, O } = requireInputs(this.name, inputs, {
      x: float('N', 'C', 'H', 'W'),
      weight: f32('O', 'C', 1, 1),
      bias: optional(f32('O')),
    });
    requireThat(Number.isInteger(stride) && stride > 0, this.name, 'stride must be a positive integer', stride);
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
