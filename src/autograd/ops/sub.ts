import * as kernels from '../../../kernels/elementwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { requireAlike } from '../requirements.ts';

/** a − b, of one shape. */
export const sub = defineOp({
  name: 'sub',
  shape(inputs: { a: Tensor; b: Tensor }, _: Record<never, never>) {
    return requireAlike(this.name, inputs, 'a', 'b');
  },
  forward(device, inputs, attrs) {
    const difference = device.tensor(this.shape(inputs, attrs), inputs.a.dtype);
    kernels.sub(device, { ...inputs, difference });
    return { y: difference, saved: undefined };
  },
  backward(device, dy, _saved, _attrs, wanted) {
    wanted.a?.alias(dy);
    if (wanted.b) kernels.scale(device, { x: dy, y: wanted.b.tensor, factor: -1 });
  },
  onnx: (graph, { a, b }) => graph.node('Sub', [a, b]),
});
