import type { OnnxAttribute, OnnxBuilder } from '../../../kernels/common/onnx.ts';
import type { StateDict } from '../../nn/parameters.ts';
import { UserError } from '../../runtime/errors.ts';
import type { Shape, Tensor } from '../../runtime/tensor.ts';
import type { NodeProto, TensorProto } from './proto.ts';

/** A constant of the graph. Folding computes new ones in float64; the file has them in float32. */
export interface Constant {
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array | BigInt64Array;
}

/** A node that may still change. */
export interface OnnxNode extends NodeProto {
  inputs: readonly string[];
  output: string;
}

/** The nodes and constants of an ONNX graph. Ops add to it; `foldBatchNorms` changes it. */
export class OnnxGraph implements OnnxBuilder {
  nodes: OnnxNode[] = [];
  private readonly constants = new Map<string, Constant>();
  private readonly shapes = new Map<string, Shape>();
  private readonly tensors = new Map<Tensor, string>();
  private readonly names: Set<string>;

  /**
   * @param state parameters and buffers, which become constants of the same names
   * @param reserved names that no node may have
   */
  constructor(
    private readonly state: StateDict,
    reserved: readonly string[],
  ) {
    this.names = new Set(reserved);
    for (const [name, value] of Object.entries(state)) this.setConstant(name, value);
  }

  /** Lets ops read the value `name` by the tensor that stands for it. */
  bind(tensor: Tensor, name: string): void {
    this.tensors.set(tensor, name);
    this.shapes.set(name, tensor.shape);
  }

  tensor(tensor: Tensor): string {
    const name = this.tensors.get(tensor);
    if (name !== undefined) return name;
    throw new UserError(
      'An op reads a tensor that is not the input, a parameter, a buffer or the output of an op: it cannot be exported.',
    );
  }

  shape(input: string): Shape {
    return this.shapes.get(input)!;
  }

  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    const name = this.nameNode(opType, inputs);
    this.nodes.push({ name, opType, inputs, output: name, attributes });
    return name;
  }

  scalar(value: number): string {
    return this.setConstant(`scalar_${value}`, { shape: [], data: Float32Array.of(value) });
  }

  integers(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.setConstant(`integers_${values.join('_')}`, { shape: [values.length], data });
  }

  constant(name: string): Constant | undefined {
    return this.constants.get(name);
  }

  setConstant(name: string, constant: Constant): string {
    this.names.add(name);
    this.constants.set(name, constant);
    return name;
  }

  /** The nodes that read a value. */
  readers(value: string): OnnxNode[] {
    return this.nodes.filter(({ inputs }) => inputs.includes(value));
  }

  /** Removes a node. What reads its output then reads another value. */
  remove(node: OnnxNode, replacement: string): void {
    this.nodes = this.nodes.filter((other) => other !== node);
    this.renameInputs(node.output, replacement);
  }

  /** Renames the value that a node computes. */
  renameOutput(value: string, name: string): void {
    this.renameInputs(value, name);
    for (const node of this.nodes) if (node.output === value) node.output = name;
  }

  /** The constants that nodes read. */
  get initializers(): TensorProto[] {
    const read = new Set(this.nodes.flatMap(({ inputs }) => inputs));
    return [...this.constants].flatMap(([name, { shape, data }]) => {
      if (!read.has(name)) return [];
      return [{ name, shape, data: data instanceof Float64Array ? Float32Array.from(data) : data }];
    });
  }

  private renameInputs(from: string, to: string): void {
    for (const node of this.readers(from)) node.inputs = node.inputs.map((input) => (input === from ? to : input));
  }

  /** A new name: that of the module whose parameters the node reads, or else of its type. A number makes it unique. */
  private nameNode(opType: string, inputs: readonly string[]): string {
    const parameter = inputs.find((input) => Object.hasOwn(this.state, input) && input.includes('.'));
    const base = parameter?.slice(0, parameter.lastIndexOf('.')) ?? opType;
    let name = base;
    for (let i = this.nodes.length; this.names.has(name); i++) name = `${base}_${i}`;
    this.names.add(name);
    return name;
  }
}
