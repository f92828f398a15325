import type { StateDict } from '../nn/parameters.ts';
import { UserError } from '../runtime/errors.ts';
import type { YYNetConfig } from '../yinyang/config.ts';
import { type Block, blocksOf } from './blocks.ts';
import { batchNorm, type Convolution, convolution, foldAfter, foldBefore } from './fold.ts';
import { OnnxGraph, OPSET } from './onnx_graph.ts';
import { encodeModel } from './onnx_proto.ts';
import { collect } from './tensors.ts';

/** What the file tells its user: how pictures are normalised, (pixel/255 − mean) / std by channel, and the classes. */
export interface OnnxOptions {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly classNames?: readonly string[];
}

/**
 * A net in evaluation mode as an ONNX file: images[N,C,H,W], normalised, → logits[N,classes], for any N. Batch
 * normalisation is folded into the convolutions. The file's metadata holds, as JSON, `mean`, `std`, `input_size` and,
 * where given, `class_names`.
 * @throws {UserError} if the state or the options do not fit the config
 */
export function exportOnnx(config: YYNetConfig, state: StateDict, options: OnnxOptions): Uint8Array {
  const { inputSize, inputChannels, classes } = config;
  checkCount('mean', options.mean, inputChannels);
  checkCount('std', options.std, inputChannels);
  if (options.classNames) checkCount('classNames', options.classNames, classes);
  const { nodes, initializers } = new Exporter(config, collect(state, config)).run();
  const { mean, std, classNames } = options;
  const metadata = { mean, std, input_size: inputSize, ...(classNames && { class_names: classNames }) };
  return encodeModel({
    irVersion: 8, // the one that came with opset 17
    producerName: 'yynet',
    opset: OPSET,
    graph: {
      name: 'YYNet',
      nodes,
      initializers,
      inputs: [{ name: 'images', shape: ['N', inputChannels, inputSize, inputSize] }],
      outputs: [{ name: 'logits', shape: ['N', classes] }],
    },
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value)])),
  });
}

function checkCount(name: string, list: readonly unknown[], count: number): void {
  if (list.length !== count) throw new UserError(`${name} has ${list.length} entries, expected ${count}.`);
}

/** Writes YYNet's forward pass into a graph, block by block. */
class Exporter {
  private readonly graph = new OnnxGraph();

  constructor(
    private readonly config: YYNetConfig,
    private readonly state: StateDict,
  ) {}

  run(): OnnxGraph {
    const { graph, state, config } = this;
    const yang = this.part('yang', 'images');
    const yin = this.part('yin', graph.grey('images', config.yin));
    const y = this.part('body', graph.fuse(yang, yin, config.fusion));
    const pooled = graph.node('Flatten', [graph.node('GlobalAveragePool', [y])]);
    const hidden = graph.linear('fc1', pooled, state['fc1.weight'], state['fc1.bias']);
    graph.linear('logits', this.act(hidden), state['fc2.weight'], state['fc2.bias']);
    return graph;
  }

  private part(part: Block['part'], x: string): string {
    const blocks = blocksOf(this.config).filter((block) => block.part === part);
    return blocks.reduce((y, { index, position, stride }) => {
      const name = `${part}.${index}`;
      return position === 0 ? this.residual(name, y, stride) : this.mbconv(name, y, stride);
    }, x);
  }

  private residual(name: string, x: string, stride: number): string {
    const { graph } = this;
    const conv1 = foldAfter(this.layer(`${name}.conv1`), this.norm(`${name}.bn1`));
    const conv2 = foldAfter(this.layer(`${name}.conv2`), this.norm(`${name}.bn2`));
    const y = this.act(graph.convolution(`${name}.conv1`, x, conv1, { stride }));
    const sum = [
      graph.convolution(`${name}.conv2`, y, conv2),
      graph.convolution(`${name}.shortcut`, x, this.layer(`${name}.shortcut`), { stride }),
    ];
    return this.act(graph.node('Add', sum));
  }

  private mbconv(name: string, x: string, stride: number): string {
    const { graph, config } = this;
    const raw = this.layer(`${name}.expand`);
    const behindBn0 = config.bn0 ? foldBefore(this.norm(`${name}.bn0`), raw) : raw;
    const expand = foldAfter(behindBn0, this.norm(`${name}.bn1`));
    const depthwise = foldAfter(this.layer(`${name}.depthwise`), this.norm(`${name}.bn2`));
    const project = foldAfter(this.layer(`${name}.project`), this.norm(`${name}.bn3`));
    let y = this.act(graph.convolution(`${name}.expand`, x, expand));
    const group = depthwise.shape[0];
    y = this.act(graph.convolution(`${name}.depthwise`, y, depthwise, { stride, group }));
    y = graph.convolution(`${name}.project`, this.squeezeExcite(`${name}.se`, y), project);
    return graph.node('Add', [y, this.skip(`${name}.shortcut`, x, stride)]);
  }

  private squeezeExcite(name: string, x: string): string {
    const { graph, config } = this;
    const mean = graph.node('GlobalAveragePool', [x]);
    const squeezed = this.act(graph.convolution(`${name}.reduce`, mean, this.layer(`${name}.reduce`)));
    const excited = graph.convolution(`${name}.expand`, squeezed, this.layer(`${name}.expand`));
    return graph.node('Mul', [x, graph.gate(excited, config.gate)]);
  }

  private skip(name: string, x: string, stride: number): string {
    const pooled = stride === 2 ? this.graph.maxPool(x) : x;
    if (!(`${name}.weight` in this.state)) return pooled;
    return this.graph.convolution(name, pooled, this.layer(name));
  }

  private act(x: string): string {
    return this.graph.activation(x, this.config.activation);
  }

  private layer(name: string): Convolution {
    return convolution(this.state, name);
  }

  private norm(name: string) {
    return batchNorm(this.state, name);
  }
}
