import * as kernels from '../../../kernels/activation/launch.ts';
import { type ActivationKind, activationKinds, activationOf } from '../../../kernels/activation/table.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { anyFloat, requireInputs, requireOneOf } from '../requirements.ts';

export { type ActivationKind, activationKinds };

/** An activation of every element. */
export const activation = defineOp({
  name: 'activation',
  shape(inputs: { x: Tensor }, { kind }: { kind: ActivationKind }) {
    requireInputs(this.name, inputs, { x: anyFloat });
    requireOneOf(this.name, 'kind', kind, activationKinds);
    return inputs.x.shape;
  },
  forward(device, inputs, attrs) {
    const { x } = inputs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    kernels.forward(device, { x, y, ...attrs });
    return { y, saved: { x } };
  },
  backward(device, dy, { x }, { kind }, wanted) {
    if (wanted.x) kernels.backward(device, { x, dy, dx: wanted.x.tensor, kind });
  },
  onnx: (graph, { x }, { kind }) => activationOf(kind).onnx(graph, x),
});
