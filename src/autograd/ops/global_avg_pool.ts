import * as kernels from '../../../kernels/global_avg_pool/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { float, requireInputs } from '../requirements.ts';

/** x[N,C,H,W] → the mean of each plane, [N,C] in f32. */
export const globalAvgPool = defineOp({
  name: 'globalAvgPool',
  shape(inputs: { x: Tensor }, _: object) {
    const { N, C } = requireInputs(this.name, inputs, { x: float('N', 'C', 'H', 'W') });
    return [N, C];
  },
  forward(device, inputs, attrs) {
    const y = device.tensor(this.shape(inputs, attrs));
    kernels.forward(device, { x: inputs.x, y });
    return { y, saved: undefined };
  },
  backward(device, dy, _saved, _attrs, wanted) {
    if (wanted.x) kernels.backward(device, { dy, dx: wanted.x.tensor });
  },
  onnx: (graph, { x }) => graph.node('Flatten', [graph.node('GlobalAveragePool', [x])]),
});
