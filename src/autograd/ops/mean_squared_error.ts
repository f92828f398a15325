import * as kernels from '../../../kernels/mean_squared_error/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { requireAlike } from '../requirements.ts';

/** The mean of (prediction − target)², of one shape → [1] in f32. PyTorch's mse_loss. */
export const meanSquaredError = defineOp({
  name: 'meanSquaredError',
  shape(inputs: { prediction: Tensor; target: Tensor }, _: Record<never, never>) {
    requireAlike(this.name, inputs, 'prediction', 'target');
    return [1];
  },
  forward(device, inputs, attrs) {
    const loss = device.tensor(this.shape(inputs, attrs));
    kernels.forward(device, { ...inputs, loss });
    return { y: loss, saved: inputs };
  },
  backward(device, dloss, inputs, _attrs, wanted) {
    const [dprediction, dtarget] = [wanted.prediction?.tensor, wanted.target?.tensor];
    kernels.backward(device, { ...inputs, dloss, dprediction, dtarget });
  },
  onnx(graph, { prediction, target }) {
    const error = graph.node('Sub', [prediction, target]);
    const mean = graph.node('ReduceMean', [graph.node('Mul', [error, error])], { keepdims: { int: 0 } });
    return graph.node('Reshape', [mean, graph.integers([1])]);
  },
});
