import * as kernels from '../../../kernels/avg_pool/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { float, requireInputs, requireThat } from '../requirements.ts';

export type { AvgPoolAttrs } from '../../../kernels/avg_pool/launch.ts';

/**
 * Average pooling of square windows: x[N,C,H,W] → [N,C,⌊(H+2p−k)/s⌋+1,⌊(W+2p−k)/s⌋+1]. Padding counts as zeros: PyTorch's
 * avg_pool2d with its defaults, count_include_pad=True and ceil_mode=False.
 */
export const avgPool = defineOp({
  name: 'avgPool',
  shape(inputs: { x: Tensor }, attrs: kernels.AvgPoolAttrs) {
    const { N, C, H, W } = requireInputs(this.name, inputs, { x: float('N', 'C', 'H', 'W') });
    const { kernel, stride, padding } = attrs;
    const isWhole = (value: number, least: number) => Number.isInteger(value) && value >= least;
    requireThat(isWhole(kernel, 1), this.name, 'kernel must be a whole number of at least 1', kernel);
    requireThat(isWhole(stride, 1), this.name, 'stride must be a whole number of at least 1', stride);
    const isHalf = isWhole(padding, 0) && 2 * padding <= kernel;
    requireThat(isHalf, this.name, `padding must be a whole number of at most half the kernel of ${kernel}`, padding);
    const fits = Math.min(H, W) + 2 * padding >= kernel;
    requireThat(fits, this.name, `x must have room for a window of ${kernel}×${kernel}`, inputs.x.shape);
    return [N, C, kernels.windowsIn(H, attrs), kernels.windowsIn(W, attrs)];
  },
  forward(device, inputs, attrs) {
    const { x } = inputs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    kernels.forward(device, { x, y, ...attrs });
    return { y, saved: undefined };
  },
  backward(device, dy, _saved, attrs, wanted) {
    if (wanted.x) kernels.backward(device, { dy, dx: wanted.x.tensor, ...attrs });
  },
  onnx: (graph, { x }, { kernel, stride, padding }) =>
    graph.node('AveragePool', [x], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      count_include_pad: { int: 1 },
    }),
});
