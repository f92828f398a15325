import * as kernels from '../../../kernels/elementwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { anyFloat, requireInputs, requireThat } from '../requirements.ts';

/** The factor of `scale`. */
export interface ScaleAttrs {
  /** A constant that is built into the kernel: one that changes from step to step compiles anew each time. */
  readonly factor: number;
}

/** factor · x, of any shape. */
export const scale = defineOp({
  name: 'scale',
  shape(inputs: { x: Tensor }, { factor }: ScaleAttrs) {
    requireInputs(this.name, inputs, { x: anyFloat });
    requireThat(Number.isFinite(Math.fround(factor)), this.name, 'factor must be finite in f32', factor);
    return inputs.x.shape;
  },
  forward(device, inputs, attrs) {
    const { x } = inputs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    kernels.scale(device, { x, y, ...attrs });
    return { y, saved: undefined };
  },
  backward(device, dy, _saved, { factor }, wanted) {
    if (wanted.x) kernels.scale(device, { x: dy, y: wanted.x.tensor, factor });
  },
  onnx: (graph, { x }, { factor }) => graph.node('Mul', [x, graph.scalar(factor)]),
});
