import * as kernels from '../../../kernels/elementwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { requireAlike } from '../requirements.ts';

/** a + b, of one shape. */
export const add = defineOp({
  name: 'add',
  shape(inputs: { a: Tensor; b: Tensor }, _: Record<never, never>) {
    return requireAlike(this.name, inputs, 'a', 'b');
  },
  forward(device, inputs, attrs) {
    const sum = device.tensor(this.shape(inputs, attrs), inputs.a.dtype);
    kernels.add(device, { ...inputs, sum });
    return { y: sum, saved: {} };
  },
  backward(_device, dy, _saved, _attrs, wanted) {
    wanted.a?.alias(dy);
    wanted.b?.alias(dy);
  },
  onnx: (graph, { a, b }) => graph.node('Add', [a, b]),
});
