import type { Inputs, Op } from '../../autograd/op.ts';
import { Tape } from '../../autograd/tape.ts';
import { distanceConstants, type FeatureSpace, forwardWithFeatures, squaredDistance } from '../../nn/feature_space.ts';
import type { Module } from '../../nn/module.ts';
import type { HostTensor } from '../../nn/parameters.ts';
import type { Device } from '../../runtime/device.ts';
import { UserError } from '../../runtime/errors.ts';
import type { Shape, Tensor } from '../../runtime/tensor.ts';
import type { OnnxGraph } from './graph.ts';

/** Stands in for a device: an evaluation pass that asks for one does something that no op describes. */
const noDevice = new Proxy({} as Device, {
  get() {
    throw new UserError('The net uses the device in its forward pass, outside of ops: it cannot be exported.');
  },
});

/** A tensor of which only identity and shape matter. */
const placeholder = (shape: Shape): Tensor => ({ storage: { bytes: 0 }, offset: 0, shape, dtype: 'f32' });

/** Adds the ONNX nodes of each op that runs on it to a graph, and computes nothing. */
class TracingTape extends Tape {
  constructor(private readonly graph: OnnxGraph) {
    super(noDevice);
  }

  override run<In extends Inputs, Attrs, Saved>(op: Op<In, Attrs, Saved>, inputs: In, attrs: Attrs): Tensor {
    const { graph } = this;
    if (!op.onnx) throw new UserError(`The op '${op.name}' has no ONNX rule: a net that uses it cannot be exported.`);
    const y = placeholder(op.shape(inputs, attrs));
    const present = Object.entries(inputs).filter(([, input]) => input !== undefined);
    const names = Object.fromEntries(present.map(([key, input]) => [key, graph.tensor(input!)]));
    graph.bind(y, op.onnx(graph, names as { [Name in keyof In]: string }, attrs));
    return y;
  }
}

/**
 * Adds the nodes of a module's evaluation pass to a graph, layer by layer. Needs no device, and no tensors in the module.
 * @param input name and shape of the pictures
 * @param space adds the nodes of the pictures' squared distance, too
 * @returns name and shape of the output, and the name of the distance
 */
export function trace(
  module: Module,
  graph: OnnxGraph,
  input: { readonly name: string; readonly shape: Shape },
  space?: FeatureSpace,
): { y: { name: string; shape: Shape }; distance?: string } {
  const bind = (name: string, shape: Shape) => {
    const tensor = placeholder(shape);
    graph.bind(tensor, name);
    return tensor;
  };
  const x = bind(input.name, input.shape);
  const variables = [...module.named()];
  const assigned = variables.map(([, variable]) => variable.assigned);
  try {
    for (const [name, variable] of variables) variable.assigned = bind(name, variable.shape);
    const tape = new TracingTape(graph);
    const pass = { tape, training: false };
    if (!space) return { y: describe(graph, module.forward(pass, x)) };
    const { y, features } = forwardWithFeatures(module, pass, x);
    const add = (name: string, constant: HostTensor) =>
      bind(graph.setConstant(`distance.${name}`, constant), constant.shape);
    const { weight, bias, ones } = distanceConstants(space);
    const constants = { weight: add('weight', weight), bias: add('bias', bias), ones: add('ones', ones) };
    return { y: describe(graph, y), distance: graph.tensor(squaredDistance(tape, features, constants)) };
  } finally {
    variables.forEach(([, variable], i) => {
      variable.assigned = assigned[i];
    });
  }
}

const describe = (graph: OnnxGraph, y: Tensor) => ({ name: graph.tensor(y), shape: y.shape });
