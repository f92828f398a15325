import type { Net } from '../../nn/architecture.ts';
import type { FeatureSpace } from '../../nn/feature_space.ts';
import type { StateDict } from '../../nn/parameters.ts';
import { UserError } from '../../runtime/errors.ts';
import { stateOf } from '../state.ts';
import { foldBatchNorms } from './fold.ts';
import { OnnxGraph } from './graph.ts';
import { metadataOf, type PictureMetadata } from './metadata.ts';
import { encodeModel } from './proto.ts';
import { trace } from './trace.ts';

/** An operator set that runtimes have long had. */
const OPSET = 17;

/** The ONNX version that came with it. */
const IR_VERSION = 8;

const INPUT = 'images';
const OUTPUT = 'logits';
const DISTANCE = 'distance';

/** Batch size of the trace if the file's is free. More than 1, so that an output of one row for all pictures is found. */
const TRACED_BATCH = 2;

/** What is written into the file beside the net. */
export interface OnnxOptions extends PictureMetadata {
  /** The only batch size that the file takes; any by default. For readers that refuse free extents. */
  readonly batch?: number;
}

/**
 * Exports a net in evaluation as an ONNX file: normalised images[N,C,H,W] → logits[N,classes]. Batch normalisation is
 * folded into convolutions. With `space` there is a second output, distance[N,1]: squared, of the pictures from those of
 * training; above the metadata's `distance_threshold` they are unlike them. The file's metadata has, as JSON, `mean`, `std`, `input_size`, `temperature` and, if given,
 * `class_names`.
 * @param state parameters and buffers; the module's own tensors are not read
 * @throws UserError if the state or the options do not fit the net, or one of its ops has no ONNX rule
 */
export function exportOnnx(net: Net, state: StateDict, options: OnnxOptions): Uint8Array {
  const { inputSize, inputChannels, classes } = net.config;
  const { mean, std, classNames, batch, space } = options;
  checkCount('mean', mean, inputChannels);
  checkCount('std', std, inputChannels);
  if (classNames) checkCount('classNames', classNames, classes);
  if (batch !== undefined && !(Number.isSafeInteger(batch) && batch > 0)) {
    throw new UserError(`batch must be a whole number of at least 1, got ${batch}.`);
  }
  const n = batch ?? 'N';
  const picture = [inputChannels, inputSize, inputSize];
  const { nodes, initializers } = graphOf(net, state, [batch ?? TRACED_BATCH, ...picture], space);
  const metadata = metadataOf(options, inputSize);
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: 'yynet',
    opset: OPSET,
    graph: {
      name: net.architecture.name,
      nodes,
      initializers,
      inputs: [{ name: INPUT, shape: [n, ...picture] }],
      outputs: [{ name: OUTPUT, shape: [n, classes] }, ...(space ? [{ name: DISTANCE, shape: [n, 1] }] : [])],
    },
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value)])),
  });
}

function graphOf({ module, config }: Net, state: StateDict, shape: readonly number[], space?: FeatureSpace): OnnxGraph {
  const graph = new OnnxGraph(stateOf(state, module), [INPUT, OUTPUT, DISTANCE]);
  const { y, distance } = trace(module, graph, { name: INPUT, shape }, space);
  if (`${y.shape}` !== `${[shape[0], config.classes]}`) {
    throw new UserError(
      `The net computes [${y.shape}] from [${shape}], expected logits [${shape[0]},${config.classes}].`,
    );
  }
  foldBatchNorms(graph);
  graph.renameOutput(y.name, OUTPUT);
  if (distance) graph.renameOutput(distance, DISTANCE);
  return graph;
}

function checkCount(name: string, list: readonly unknown[], count: number): void {
  if (list.length !== count) throw new UserError(`${name} has ${list.length} entries, expected ${count}.`);
}
