import { type Shape, size, sizeOf, type Tensor, reshape as viewOf } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { anyFloat, requireInputs, requireThat } from '../requirements.ts';

/** The shape that `reshape` gives. */
export interface ReshapeAttrs {
  /** Of as many elements as x. One extent may be −1: it follows from the others, so that any batch size fits. */
  readonly shape: Shape;
}

/**
 * The elements of x in their order under another shape. PyTorch's reshape. The output shares the memory of x: releasing
 * either releases both.
 */
export const reshape = defineOp({
  name: 'reshape',
  shape(inputs: { x: Tensor }, { shape }: ReshapeAttrs) {
    requireInputs(this.name, inputs, { x: anyFloat });
    requireThat(Array.isArray(shape), this.name, 'shape must be a list of extents', shape);
    const elements = size(inputs.x);
    const open = shape.indexOf(-1);
    const known = shape.filter((_, axis) => axis !== open);
    const areExtents = known.every((extent) => Number.isInteger(extent) && extent > 0);
    requireThat(areExtents, this.name, 'shape must have positive extents, and −1 at most once', shape);
    const rest = elements / sizeOf(known);
    const fits = open < 0 ? rest === 1 : Number.isInteger(rest);
    requireThat(fits, this.name, `shape must hold the ${elements} elements of x [${inputs.x.shape}]`, shape);
    return shape.map((extent) => (extent === -1 ? rest : extent));
  },
  forward(_device, inputs: { x: Tensor }, attrs) {
    const shape: Shape = this.shape(inputs, attrs);
    const y: Tensor = viewOf(inputs.x, shape);
    return { y, saved: { shape: inputs.x.shape } };
  },
  backward(_device, dy, { shape }, _attrs, wanted) {
    wanted.x?.alias(viewOf(dy, shape));
  },
  onnx(graph, { x }, { shape: [first, ...others] }) {
    const keepsBatch = first === graph.shape(x)[0];
    return graph.node('Reshape', [x, graph.integers([keepsBatch ? 0 : first, ...others])]); // 0: the extent of x
  },
});
