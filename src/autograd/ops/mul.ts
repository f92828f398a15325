import * as kernels from '../../../kernels/elementwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { requireAlike } from '../requirements.ts';

/** a · b, element by element, of one shape. */
export const mul = defineOp({
  name: 'mul',
  shape(inputs: { a: Tensor; b: Tensor }, _: Record<never, never>) {
    return requireAlike(this.name, inputs, 'a', 'b');
  },
  forward(device, inputs, attrs) {
    const product = device.tensor(this.shape(inputs, attrs), inputs.a.dtype);
    kernels.mul(device, { ...inputs, product });
    return { y: product, saved: inputs };
  },
  backward(device, dy, { a, b }, _attrs, wanted) {
    if (wanted.a) kernels.mul(device, { a: dy, b, product: wanted.a.tensor });
    if (wanted.b) kernels.mul(device, { a: dy, b: a, product: wanted.b.tensor });
  },
  onnx: (graph, { a, b }) => graph.node('Mul', [a, b]),
});
