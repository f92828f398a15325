import { activationKinds, activationOf } from '../../../kernels/activation/table.ts';
import { convolution } from '../../../kernels/common/onnx.ts';
import * as kernels from '../../../kernels/squeeze_excite/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, type Requirement, requireInputs, requireOneOf, requireThat } from '../requirements.ts';

/** The input of a squeeze-and-excite gate, and the weights and biases of its two layers. */
export type SqueezeExciteInputs = {
  x: Tensor;
  reduceWeight: Tensor;
  reduceBias: Tensor;
  expandWeight: Tensor;
  expandBias: Tensor;
};

/** What the gate's weights and biases must be: 1×1 convolutions from `channels` to R channels, and back. */
export const gateLayers = (channels: string): Record<string, Requirement> => ({
  ...{ reduceWeight: f32('R', channels, 1, 1), reduceBias: f32('R') },
  ...{ expandWeight: f32(channels, 'R', 1, 1), expandBias: f32(channels) },
});

/** Checks the gate's number of reduced channels and its activations. */
export function requireGate(op: string, reduced: number, { activation, gate }: kernels.SqueezeExciteAttrs): void {
  const most = kernels.MAX_REDUCED;
  requireThat(reduced <= most, op, `reduceWeight must have at most ${most} output channels`, reduced);
  requireOneOf(op, 'activation', activation, activationKinds);
  requireOneOf(op, 'gate', gate, activationKinds);
}

/** x[N,C,H,W] · gate(expand(act(reduce(mean of each plane)))): reduce is a 1×1 convolution C → R, expand R → C. */
export const squeezeExcite = defineOp({
  name: 'squeezeExcite',
  shape(inputs: SqueezeExciteInputs, attrs: kernels.SqueezeExciteAttrs) {
    const { R } = requireInputs(this.name, inputs, { x: float('N', 'C', 'H', 'W'), ...gateLayers('C') });
    requireGate(this.name, R, attrs);
    return inputs.x.shape;
  },
  forward(device, inputs, attrs) {
    const { x, reduceWeight, expandWeight } = inputs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    const saved = kernels.gateOf(device, inputs, attrs);
    kernels.scale(device, { x, gate: saved.gate, y });
    return { y, saved: { x, reduceWeight, expandWeight, ...saved } };
  },
  backward(device, dy, saved, attrs, wanted) {
    const dsqueezed = kernels.backwardGate(device, { ...saved, dy }, attrs, wanted);
    if (wanted.x) kernels.backwardInput(device, { dy, gate: saved.gate, dsqueezed, dx: wanted.x.tensor });
  },
  onnx(graph, { x, reduceWeight, reduceBias, expandWeight, expandBias }, { activation, gate }) {
    const mean = graph.node('GlobalAveragePool', [x]);
    const reduced = convolution(graph, { x: mean, weight: reduceWeight, bias: reduceBias });
    const excited = activationOf(activation).onnx(graph, reduced);
    const expanded = convolution(graph, { x: excited, weight: expandWeight, bias: expandBias });
    return graph.node('Mul', [x, activationOf(gate).onnx(graph, expanded)]);
  },
});
