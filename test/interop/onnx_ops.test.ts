import { Tensor as OnnxTensor } from 'onnxruntime-web';
import { expect, test } from 'vitest';
import type { HostArray } from '../../kernels/common/reference.ts';
import {
  attrsOf,
  drawInputs,
  nameOf,
  type OpCase,
  type OpRow,
  shapesOf,
  type Upload,
} from '../../src/autograd/op_row.ts';
import type { BatchNormAttrs } from '../../src/autograd/ops/batch_norm.ts';
import { registry, rows } from '../../src/autograd/registry.ts';
import { Random } from '../../src/data/random.ts';
import { OnnxGraph } from '../../src/interop/onnx/graph.ts';
import { encodeModel } from '../../src/interop/onnx/proto.ts';
import { dtypeOf } from '../../src/runtime/host_array.ts';
import { bytesPer, type Shape, sizeOf, type Tensor } from '../../src/runtime/tensor.ts';
import { normal, relativeError } from '../support/op.ts';
import { placeholder } from '../support/rows.ts';
import { withSession } from './onnx_file.ts';

/** A case with another extent of the first axis, which is free in an ONNX file. */
const withFirst = (given: OpCase, extent: number): OpCase => ({ ...given, shape: given.shape.with(0, extent) });

/** The ONNX file of one op, in which all axes are free. */
function exportOp(row: OpRow, given: OpCase): Uint8Array {
  const { op } = row;
  const arrays = new Map<Tensor['storage'], Float32Array>();
  const upload: Upload = (data, shape) => {
    const tensor = placeholder(shape, dtypeOf(data));
    arrays.set(tensor.storage, data as Float32Array);
    return tensor;
  };
  const inputs = Object.entries(shapesOf(row, given)).map(([name, shape]): [string, Tensor] => [
    name,
    placeholder(shape),
  ]);
  const attrs = attrsOf(row, given, upload);
  const { running } = attrs as Partial<BatchNormAttrs>;
  const state = Object.entries(running ?? {}).map(([name, { storage, offset, shape }]) => {
    const first = offset / bytesPer.f32;
    return [name, { shape, data: arrays.get(storage)!.slice(first, first + sizeOf(shape)) }];
  });
  const names = inputs.map(([name]) => name);
  const graph = new OnnxGraph(Object.fromEntries(state), names);
  for (const [name, tensor] of [...inputs, ...Object.entries(running ?? {})]) graph.bind(tensor, name);
  const y = op.onnx!(graph, Object.fromEntries(names.map((name) => [name, name])), attrs);
  const free = ({ length }: Shape, name: string) => Array.from({ length }, (_, axis) => `${name}${axis}`);
  return encodeModel({
    ...{ irVersion: 8, producerName: 'yynet', opset: 17, metadata: {} },
    graph: {
      name: op.name,
      nodes: graph.nodes,
      initializers: graph.initializers,
      inputs: inputs.map(([name, { shape }]) => ({ name, shape: free(shape, name) })),
      outputs: [{ name: y, shape: free(op.shape(Object.fromEntries(inputs), attrs), 'y') }],
    },
  });
}

/** What ONNX Runtime computes. */
const run = (file: Uint8Array, inputs: Record<string, HostArray>) =>
  withSession(file, async (session) => {
    const feeds = Object.entries(inputs).map(([name, { shape, data }]) => [
      name,
      new OnnxTensor('float32', Float32Array.from(data), shape),
    ]);
    const [y] = Object.values(await session.run(Object.fromEntries(feeds)));
    return y as OnnxTensor;
  });

// Rules describe evaluation.
const cases = rows
  .filter(({ op }) => op.onnx)
  .flatMap((row) => row.cases.map((given) => [nameOf(row, given), row, given] as const))
  .filter(([, , { attrs }]) => !('training' in attrs && attrs.training));

test.each(cases)('%s: ONNX Runtime computes the same, for any batch size', async (_, row, given) => {
  const file = exportOp(row, withFirst(given, 2));
  for (const n of [1, 2, 3]) {
    const inputs = drawInputs(row, withFirst(given, n), new Random(3));
    const want = row.reference(inputs, given.attrs);
    const { dims, data } = await run(file, inputs);
    expect(dims).toEqual(want.shape);
    expect(relativeError(data as Float32Array, want.data)).toBeLessThan(1e-5);
  }
});

test('a reshape that keeps the batch does so for any batch size', async () => {
  const file = exportOp(registry.reshape, { shape: [2, 3, 7, 6], attrs: { shape: [2, 21, 6] } });
  const x = normal([5, 3, 7, 6], new Random(3));
  expect((await run(file, { x })).dims).toEqual([5, 21, 6]);
});
