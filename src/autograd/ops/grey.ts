import * as kernels from '../../../kernels/grey/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { float, requireInputs, requireOneOf } from '../requirements.ts';

export type { GreyMode } from '../../../kernels/grey/launch.ts';

/** x[N,C,H,W] → the mean of the channels or the first of them, [N,1,H,W]: what the Yin branch sees. */
export const grey = defineOp({
  name: 'grey',
  shape(inputs: { x: Tensor }, { mode }: { mode: kernels.GreyMode }) {
    const { N, H, W } = requireInputs(this.name, inputs, { x: float('N', 'C', 'H', 'W') });
    requireOneOf(this.name, 'mode', mode, ['mean', 'first']);
    return [N, 1, H, W];
  },
  forward(device, inputs, { mode }) {
    const { x } = inputs;
    const y = device.tensor(this.shape(inputs, { mode }), x.dtype);
    kernels.forward(device, { x, y, mode });
    return { y, saved: undefined };
  },
  backward(device, dy, _saved, { mode }, wanted) {
    if (wanted.x) kernels.backward(device, { dy, dx: wanted.x.tensor, mode });
  },
  onnx(graph, { x }, { mode }) {
    if (mode === 'mean') return graph.node('ReduceMean', [x], { axes: [1], keepdims: { int: 1 } });
    return graph.node('Gather', [x, graph.integers([0])], { axis: { int: 1 } });
  },
});
