import type { Shape, Tensor } from '../../src/runtime/tensor.ts';

/** An attribute of an ONNX node: a list of integers, or a single number of the given kind. */
export type OnnxAttribute = readonly number[] | { readonly int: number } | { readonly float: number };

/** Collects the nodes of an ONNX graph. Values are known by their names. */
export interface OnnxBuilder {
  /** Adds a node with one output. Returns the name of the output. */
  node(opType: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string;
  /** Adds a float32 scalar. Returns its name. */
  scalar(value: number): string;
  /** Adds an int64 list, such as axes or a shape. Returns its name. */
  integers(values: readonly number[]): string;
  /** The name of a parameter or buffer of the net. */
  tensor(tensor: Tensor): string;
  /** The shape of one of the op's inputs. Do not write its batch size into the graph: that may be free. */
  shape(input: string): Shape;
}

/** Names of a convolution's inputs. */
interface ConvolutionInputs {
  readonly x: string;
  readonly weight: string;
  readonly bias?: string;
}

/** Adds a convolution with padding ⌊kernel/2⌋. Returns the name of its output. */
export function convolution(
  graph: OnnxBuilder,
  { x, weight, bias }: ConvolutionInputs,
  { stride = 1, group = 1 } = {},
): string {
  const kernel = graph.shape(weight)[2];
  const pad = Math.floor(kernel / 2);
  return graph.node('Conv', bias === undefined ? [x, weight] : [x, weight, bias], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    group: { int: group },
  });
}
