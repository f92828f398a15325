import type { FusionFormula } from '../autograd/ops/fuse.ts';
import type { GreyMode } from '../autograd/ops/grey.ts';
import type { Activation, Gate } from '../nn/layers.ts';

/** Everything that makes one YYNet differ from another. Defaults and presets are the paper's. */
export interface YYNetConfig {
  /** Pictures are inputSize × inputSize. */
  readonly inputSize: number;
  readonly inputChannels: number;
  readonly classes: number;
  /** Width of the Yin and Yang residual blocks. */
  readonly channels: number;
  /** Channels that each MBConv is wider than the block before it. */
  readonly channelsAdded: number;
  /** Residual + MBConv groups in the Yin and in the Yang branch; each halves the picture once. */
  readonly branchLayers: number;
  /** MBConv in each of them. */
  readonly branchBlocks: number;
  /** Residual + MBConv groups of the single path after the fusion; each begins with stride 2. */
  readonly bodyLayers: number;
  readonly bodyBlocks: number;
  /** Width of the single path's first residual block; each further layer starts 2 wider. */
  readonly bodyChannels: number;
  /** Whether the first MBConv of each single-path layer has stride 2 as well. */
  readonly bodyExtraStride: boolean;
  /** Width of the head's hidden layer. */
  readonly hidden: number;
  /** How Yang (a) and Yin (i) are joined; the paper's choice is a+i. */
  readonly fusion: FusionFormula;
  /** What Yin sees: the mean of the channels or the first one. */
  readonly yin: GreyMode;
  readonly activation: Activation;
  readonly gate: Gate;
  /** Whether MBConv uses its bn0. In the authors' ImageNet script its parameters exist and do nothing. */
  readonly bn0: boolean;
  /** Dropout probability inside MBConv and in the head. */
  readonly dropout: number;
}

const cifar = (channels: number): YYNetConfig => ({
  inputSize: 32,
  inputChannels: 3,
  classes: 10,
  channels,
  channelsAdded: 0,
  branchLayers: 1,
  branchBlocks: 3,
  bodyLayers: 1,
  bodyBlocks: 2,
  bodyChannels: channels,
  bodyExtraStride: true,
  hidden: 40,
  fusion: 'a+i',
  yin: 'mean',
  activation: 'gelu',
  gate: 'sigmoid',
  bn0: true,
  dropout: 0,
});

/** The paper's nets by name. */
export const presets = {
  'yynet-16': cifar(16),
  'yynet-32': cifar(32),
  'yynet-64': cifar(64),
  'yynet-imagenet': {
    ...cifar(16),
    inputSize: 224,
    classes: 1000,
    channelsAdded: 2,
    bodyLayers: 4,
    bodyChannels: 64,
    bodyExtraStride: false,
    hidden: 500,
    gate: 'hard_sigmoid',
  },
} as const satisfies Record<string, YYNetConfig>;

export type Preset = keyof typeof presets;
