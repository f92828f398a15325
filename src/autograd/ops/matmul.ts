import * as kernels from '../../../kernels/matmul/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { float, requireInputs } from '../requirements.ts';

/** The product of two matrices: a[M,K] · b[K,N] → [M,N]. PyTorch's matmul. */
export const matmul = defineOp({
  name: 'matmul',
  shape(inputs: { a: Tensor; b: Tensor }, _: Record<never, never>) {
    const a = float('M', 'K');
    requireInputs(this.name, inputs, { a });
    const { M, N } = requireInputs(this.name, inputs, { a, b: { dtypes: [inputs.a.dtype], shape: ['K', 'N'] } });
    return [M, N];
  },
  forward(device, inputs, attrs) {
    const product = device.tensor(this.shape(inputs, attrs), inputs.a.dtype);
    kernels.multiply(device, { ...inputs, product });
    return { y: product, saved: inputs };
  },
  backward(device, dy, { a, b }, _attrs, wanted) {
    if (wanted.a) kernels.backwardA(device, { dy, b, da: wanted.a.tensor });
    if (wanted.b) kernels.backwardB(device, { a, dy, db: wanted.b.tensor });
  },
  onnx: (graph, { a, b }) => graph.node('MatMul', [a, b]),
});
