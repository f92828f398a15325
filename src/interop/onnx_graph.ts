import type { FusionFormula } from '../autograd/ops/fuse.ts';
import type { GreyMode } from '../autograd/ops/grey.ts';
import type { Activation, Gate } from '../nn/layers.ts';
import type { HostTensor } from '../nn/parameters.ts';
import type { Convolution } from './fold.ts';
import type { Attribute, NodeProto, TensorProto } from './onnx_proto.ts';

/** An operator set that runtimes have long had. Gelu came with 20 only, so it is spelled out with Erf, exactly. */
export const OPSET = 17;

/** Collects the nodes and constants of an ONNX graph. Values are known by their names; each node gives one. */
export class OnnxGraph {
  readonly nodes: NodeProto[] = [];
  private readonly constants = new Map<string, TensorProto>();

  get initializers(): TensorProto[] {
    return [...this.constants.values()];
  }

  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    name = `${opType}_${this.nodes.length}`,
  ): string {
    this.nodes.push({ name, opType, inputs, outputs: [name], attributes });
    return name;
  }

  /** [N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉]; depthwise where the weights have one input channel for each of many groups. */
  convolution(name: string, x: string, { shape, weight, bias }: Convolution, { stride = 1, group = 1 } = {}): string {
    const [outputs, , kernel] = shape;
    const pad = Math.floor(kernel / 2);
    const inputs = [
      x,
      this.constant(`${name}.weight`, shape, Float32Array.from(weight)),
      this.constant(`${name}.bias`, [outputs], Float32Array.from(bias)),
    ];
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      group: { int: group },
    };
    return this.node('Conv', inputs, attributes, name);
  }

  /** x[N,I] → [N,O], called `name`. */
  linear(name: string, x: string, weight: HostTensor, bias: HostTensor): string {
    const inputs = [
      x,
      this.constant(`${name}.weight`, weight.shape, weight.data),
      this.constant(`${name}.bias`, bias.shape, bias.data),
    ];
    return this.node('Gemm', inputs, { transB: { int: 1 } }, name);
  }

  /** Max pooling 3×3, stride 2, padding 1. */
  maxPool(x: string): string {
    return this.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  }

  activation(x: string, kind: Activation): string {
    if (kind === 'silu') return this.node('Mul', [x, this.node('Sigmoid', [x])]);
    // In this order, because ONNX Runtime fuses exactly these five nodes into one.
    const erf = this.node('Erf', [this.node('Div', [x, this.scalar(Math.SQRT2)])]);
    const twice = this.node('Mul', [x, this.node('Add', [erf, this.scalar(1)])]);
    return this.node('Mul', [twice, this.scalar(0.5)]);
  }

  gate(x: string, kind: Gate): string {
    if (kind === 'sigmoid') return this.node('Sigmoid', [x]);
    return this.node('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
  }

  /** [N,C,H,W] → [N,1,H,W]. */
  grey(x: string, mode: GreyMode): string {
    if (mode === 'mean') return this.node('ReduceMean', [x], { axes: [1], keepdims: { int: 1 } });
    return this.node('Gather', [x, this.constant('first', [1], BigInt64Array.of(0n))], { axis: { int: 1 } });
  }

  fuse(a: string, i: string, formula: FusionFormula): string {
    const add = (x: string, y: string) => this.node('Add', [x, y]);
    const subtract = (x: string, y: string) => this.node('Sub', [x, y]);
    const multiply = (x: string, y: string) => this.node('Mul', [x, y]);
    const opposed = () => multiply(a, subtract(this.scalar(1), i));
    const formulas: Record<FusionFormula, () => string> = {
      'a+i': () => add(a, i),
      'a*i': () => multiply(a, i),
      'a*(1-i)': opposed,
      'a*i+a+i': () => add(add(multiply(a, i), a), i),
      'a*(1-i)+a-i': () => subtract(add(opposed(), a), i),
      'a*(1-i)+a+i': () => add(add(opposed(), a), i),
    };
    return formulas[formula]();
  }

  private scalar(value: number): string {
    return this.constant(`${value}`, [], Float32Array.of(value));
  }

  private constant(name: string, shape: readonly number[], data: TensorProto['data']): string {
    this.constants.set(name, { name, shape, data });
    return name;
  }
}
