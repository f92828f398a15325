import * as kernels from '../../../kernels/linear/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, optional, requireInputs } from '../requirements.ts';

/** A linear layer: x[N,I], weight[O,I], bias[O] → x · weightᵀ + bias, [N,O]. PyTorch's linear. */
export const linear = defineOp({
  name: 'linear',
  shape(inputs: { x: Tensor; weight: Tensor; bias?: Tensor }, _: Record<never, never>) {
    const { N, O } = requireInputs(this.name, inputs, {
      x: float('N', 'I'),
      weight: float('O', 'I'),
      bias: optional(f32('O')),
    });
    return [N, O];
  },
  forward(device, inputs, attrs) {
    const { x, weight } = inputs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    kernels.forward(device, { ...inputs, y });
    return { y, saved: { x, weight } };
  },
  backward(device, dy, { x, weight }, _, wanted) {
    if (wanted.x) kernels.backwardInput(device, { dy, weight, dx: wanted.x.tensor });
    if (wanted.weight || wanted.bias) {
      const dweight = wanted.weight?.tensor ?? device.tensor(weight.shape, weight.dtype);
      const dbias = wanted.bias?.tensor ?? device.tensor([weight.shape[0]]);
      kernels.backwardWeight(device, { x, dy, dweight, dbias });
    }
  },
  onnx(graph, { x, weight, bias }) {
    return graph.node('Gemm', bias === undefined ? [x, weight] : [x, weight, bias], { transB: { int: 1 } });
  },
});
