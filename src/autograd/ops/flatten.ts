import { type Shape, sizeOf, type Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { anyFloat, requireInputs, requireThat } from '../requirements.ts';
import { reshape } from './reshape.ts';

/**
 * [N,…] → [N,rest]. PyTorch's flatten(start_dim=1). The output shares the memory of x: releasing either releases both.
 */
export const flatten = defineOp({
  name: 'flatten',
  shape(inputs: { x: Tensor }, _: Record<never, never>) {
    requireInputs(this.name, inputs, { x: anyFloat });
    const { shape } = inputs.x;
    requireThat(shape.length > 0, this.name, 'x must have at least one axis', shape);
    return [shape[0], sizeOf(shape.slice(1))];
  },
  forward(device, inputs: { x: Tensor }, attrs, context) {
    const shape: Shape = this.shape(inputs, attrs);
    return reshape.forward(device, inputs, { shape }, context);
  },
  backward: (device, dy, saved, _attrs, wanted) => reshape.backward?.(device, dy, saved, dy, wanted),
  onnx: (graph, { x }) => graph.node('Flatten', [x]),
});
