import { convolution } from '../../../kernels/common/onnx.ts';
import * as kernels from '../../../kernels/depthwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, requireInputs, requireStride, requireThat } from '../requirements.ts';

/**
 * Depthwise 3×3 or 5×5 convolution, padding 1 or 2, stride 1 or 2: x[N,C,H,W], weight[C,1,3,3] or weight[C,1,5,5] →
 * [N,C,⌈H/s⌉,⌈W/s⌉].
 */
export const depthwise = defineOp({
  name: 'depthwise',
  shape(inputs: { x: Tensor; weight: Tensor }, { stride }: { stride: number }) {
    const { N, C, H, W, K, L } = requireInputs(this.name, inputs, {
      x: float('N', 'C', 'H', 'W'),
      weight: f32('C', 1, 'K', 'L'),
    });
    const fits = K === L && (K === 3 || K === 5);
    requireThat(fits, this.name, `weight must be [${C},1,3,3] or [${C},1,5,5]`, inputs.weight.shape);
    requireStride(this.name, stride);
    return [N, C, Math.ceil(H / stride), Math.ceil(W / stride)];
  },
  forward(device, inputs, { stride }) {
    const { x, weight } = inputs;
    const y = device.tensor(this.shape(inputs, { stride }), x.dtype);
    kernels.forward(device, { x, weight, y, stride });
    return { y, saved: { x, weight } };
  },
  backward(device, dy, { x, weight }, { stride }, wanted) {
    if (wanted.x) kernels.backwardInput(device, { dy, weight, dx: wanted.x.tensor, stride });
    if (wanted.weight) kernels.backwardWeight(device, { x, dy, dweight: wanted.weight, stride });
  },
  onnx: (graph, inputs, { stride }) => convolution(graph, inputs, { stride, group: graph.shape(inputs.weight)[0] }),
});
