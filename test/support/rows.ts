import { attrsOf, type OpCase, type OpRow, shapesOf } from '../../src/autograd/op_row.ts';
import { dtypeOf } from '../../src/runtime/host_array.ts';
import type { DType, Shape, Tensor } from '../../src/runtime/tensor.ts';

/** A tensor of which only shape and data type matter. */
export const placeholder = (shape: Shape, dtype: DType = 'f32'): Tensor => ({
  ...{ storage: { bytes: 0 }, offset: 0, shape, dtype },
});

/** Inputs and attributes of a case that fit, without memory. */
export function fittingOf(row: OpRow, given: OpCase) {
  const shapes = Object.entries(shapesOf(row, given));
  return {
    inputs: Object.fromEntries(shapes.map(([name, shape]) => [name, placeholder(shape)])),
    attrs: attrsOf(row, given, (data, shape) => placeholder(shape, dtypeOf(data))),
  };
}
