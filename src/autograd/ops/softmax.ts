import * as kernels from '../../../kernels/softmax/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { float, requireInputs } from '../requirements.ts';

/** Softmax of each row: x[N,K] → [N,K]. PyTorch's softmax(dim=1). */
export const softmax = defineOp({
  name: 'softmax',
  shape(inputs: { x: Tensor }, _: Record<never, never>) {
    requireInputs(this.name, inputs, { x: float('N', 'K') });
    return inputs.x.shape;
  },
  forward(device, inputs, attrs) {
    const { x } = inputs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    kernels.forward(device, { x, y });
    return { y, saved: { y } };
  },
  backward(device, dy, { y }, _attrs, wanted) {
    if (wanted.x) kernels.backward(device, { y, dy, dx: wanted.x.tensor });
  },
  onnx: (graph, { x }) => graph.node('Softmax', [x], { axis: { int: 1 } }),
});
