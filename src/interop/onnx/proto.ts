import { PbfWriter } from 'pbf';
import type { OnnxAttribute } from '../../../kernels/common/onnx.ts';

// The messages of an ONNX file that export needs. Source: onnx.proto3 of github.com/onnx/onnx.

/** An ONNX file. */
export interface ModelProto {
  readonly irVersion: number;
  readonly producerName: string;
  readonly graph: GraphProto;
  /** Version of the default operator set. */
  readonly opset: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A graph; its nodes come in an order in which each reads only what is there. */
export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
}

/** An operator with one output. */
export interface NodeProto {
  readonly name: string;
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A constant: float32 or int64, as `data` is. */
export interface TensorProto {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** A float32 input or output of the graph. An extent with a name is free. */
export interface ValueInfoProto {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

const AttributeType = { FLOAT: 1, INT: 2, INTS: 7 } as const;
const DataType = { FLOAT: 1, INT64: 7 } as const;

/** The bytes of an ONNX file. */
export function encodeModel(model: ModelProto): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, model.irVersion);
  pbf.writeStringField(2, model.producerName);
  pbf.writeMessage(7, writeGraph, model.graph);
  pbf.writeMessage(8, (opset: number, pbf) => pbf.writeVarintField(2, opset), model.opset);
  for (const entry of Object.entries(model.metadata)) pbf.writeMessage(14, writeStringStringEntry, entry);
  return pbf.finish();
}

function writeGraph(graph: GraphProto, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, graph.name);
  for (const initializer of graph.initializers) pbf.writeMessage(5, writeTensor, initializer);
  for (const input of graph.inputs) pbf.writeMessage(11, writeValueInfo, input);
  for (const output of graph.outputs) pbf.writeMessage(12, writeValueInfo, output);
}

function writeNode(node: NodeProto, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  pbf.writeStringField(2, node.output);
  pbf.writeStringField(3, node.name);
  pbf.writeStringField(4, node.opType);
  for (const attribute of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, attribute);
}

function writeAttribute([name, value]: [string, OnnxAttribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, AttributeType.FLOAT);
  } else if ('int' in value) {
    pbf.writeVarintField(3, value.int);
    pbf.writeVarintField(20, AttributeType.INT);
  } else {
    pbf.writePackedVarint(8, [...value]);
    pbf.writeVarintField(20, AttributeType.INTS);
  }
}

function writeTensor({ name, shape, data }: TensorProto, pbf: PbfWriter): void {
  pbf.writePackedVarint(1, [...shape]);
  pbf.writeVarintField(2, data instanceof Float32Array ? DataType.FLOAT : DataType.INT64);
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeValueInfo({ name, shape }: ValueInfoProto, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(2, writeTensorType, shape);
}

/** A TypeProto with the tensor_type inside. */
function writeTensorType(shape: ValueInfoProto['shape'], pbf: PbfWriter): void {
  const writeType = (shape: ValueInfoProto['shape'], pbf: PbfWriter) => {
    pbf.writeVarintField(1, DataType.FLOAT);
    pbf.writeMessage(2, writeShape, shape);
  };
  pbf.writeMessage(1, writeType, shape);
}

function writeShape(shape: ValueInfoProto['shape'], pbf: PbfWriter): void {
  for (const extent of shape) pbf.writeMessage(1, writeDimension, extent);
}

function writeDimension(extent: number | string, pbf: PbfWriter): void {
  if (typeof extent === 'number') pbf.writeVarintField(1, extent);
  else pbf.writeStringField(2, extent);
}

function writeStringStringEntry([key, value]: [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}
