import type { OnnxGraph, OnnxNode } from './graph.ts';

/** A convolution in float64: weight [O,I/group,k,k] and bias [O]. */
interface Convolution {
  readonly shape: readonly number[];
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** What a batch normalisation computes in evaluation: scale·x + shift, one of each per channel. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/**
 * Folds each BatchNormalization node into the convolution before it, if nothing else reads that one's output, or into all
 * the 1×1 convolutions after it. Computes in float64. A node that has neither stays.
 */
export function foldBatchNorms(graph: OnnxGraph): void {
  const norms = graph.nodes.filter(({ opType }) => opType === 'BatchNormalization');
  for (const norm of norms) foldBatchNorm(graph, norm);
}

function foldBatchNorm(graph: OnnxGraph, norm: OnnxNode): void {
  const affine = affineOf(graph, norm);
  if (!affine) return;
  const [x] = norm.inputs;
  const before = graph.nodes.find(({ output }) => output === x);
  const weights = before && graph.readers(x).length === 1 ? convolutionOf(graph, before) : undefined;
  if (weights) {
    setConvolution(graph, before!, foldAfter(weights, affine));
    graph.remove(norm, x);
    return;
  }
  const readers = graph.readers(norm.output);
  const after = readers.map((reader) => (isPointwise(reader, norm.output) ? convolutionOf(graph, reader) : undefined));
  if (after.length === 0 || !after.every((convolution) => convolution !== undefined)) return;
  readers.forEach((reader, i) => {
    setConvolution(graph, reader, foldBefore(affine, after[i]!));
  });
  graph.remove(norm, x);
}

/** The scale and shift of a BatchNormalization node; undefined if they are not constants. */
function affineOf(graph: OnnxGraph, { inputs, attributes }: OnnxNode): Affine | undefined {
  const [gamma, beta, mean, variance] = inputs.slice(1).map((name) => numbers(graph, name));
  if (!gamma || !beta || !mean || !variance) return undefined;
  const { float: eps } = attributes.epsilon as { float: number };
  const scale = gamma.map((g, c) => g / Math.sqrt(variance[c] + eps));
  return { scale, shift: beta.map((b, c) => b - mean[c] * scale[c]) };
}

/** The weight and bias of a Conv node; undefined if it is another node or they are not constants. */
function convolutionOf(graph: OnnxGraph, { opType, inputs }: OnnxNode): Convolution | undefined {
  if (opType !== 'Conv') return undefined;
  const shape = graph.constant(inputs[1])?.shape;
  const weight = numbers(graph, inputs[1]);
  if (!shape || !weight) return undefined;
  const bias = inputs.length > 2 ? numbers(graph, inputs[2]) : new Float64Array(shape[0]);
  return bias && { shape, weight, bias };
}

function numbers(graph: OnnxGraph, name: string): Float64Array | undefined {
  const constant = graph.constant(name);
  return constant && Float64Array.from(constant.data as Float32Array | Float64Array);
}

/** Whether a node is an unpadded dense 1×1 convolution of the value `x`. Padding would let in zeros that have no shift. */
function isPointwise({ opType, inputs, attributes }: OnnxNode, x: string): boolean {
  if (opType !== 'Conv' || inputs.lastIndexOf(x) !== 0) return false;
  const { kernel_shape, pads, group } = attributes;
  return `${kernel_shape}` === '1,1' && `${pads}` === '0,0,0,0' && (group as { int: number }).int === 1;
}

/** Gives a Conv node constants of its own: others may share those that it has. */
function setConvolution(graph: OnnxGraph, node: OnnxNode, { shape, weight, bias }: Convolution): void {
  node.inputs = [
    node.inputs[0],
    graph.setConstant(`${node.name}.folded_weight`, { shape, data: weight }),
    graph.setConstant(`${node.name}.folded_bias`, { shape: [shape[0]], data: bias }),
  ];
}

/** One convolution that computes `convolution` and then `affine`. */
function foldAfter({ shape, weight, bias }: Convolution, { scale, shift }: Affine): Convolution {
  const perOutput = weight.length / shape[0];
  return {
    shape,
    weight: weight.map((w, at) => w * scale[Math.floor(at / perOutput)]),
    bias: bias.map((b, o) => b * scale[o] + shift[o]),
  };
}

/** One convolution that computes `affine` and then a 1×1 `convolution`. */
function foldBefore({ scale, shift }: Affine, { shape, weight, bias }: Convolution): Convolution {
  const inputs = shape[1];
  return {
    shape,
    weight: weight.map((w, at) => w * scale[at % inputs]),
    bias: bias.map((b, o) => shift.reduce((sum, s, i) => sum + s * weight[o * inputs + i], b)),
  };
}
