import type { ActivationKind } from '../autograd/ops/activation.ts';
import type { FusionFormula } from '../autograd/ops/fuse.ts';
import type { GreyMode } from '../autograd/ops/grey.ts';

/** Hyperparameters of a YYNet. The presets are the nets of the paper. */
export interface YYNetConfig {
  /** Pictures are inputSize × inputSize. */
  readonly inputSize: number;
  readonly inputChannels: number;
  readonly classes: number;
  /** Width of the Yin and Yang residual blocks. */
  readonly channels: number;
  /** Channels that each MBConv adds. */
  readonly channelsAdded: number;
  /** Layers of the Yin and of the Yang branch, each one Residual and several MBConv. Each layer halves height and width. */
  readonly branchLayers: number;
  /** MBConv per branch layer. */
  readonly branchBlocks: number;
  /** Layers of the body, the single path after the fusion. Each layer starts with stride 2. */
  readonly bodyLayers: number;
  /** MBConv per body layer. */
  readonly bodyBlocks: number;
  /** Width of the body's first residual block; each further layer starts with 2 more channels. */
  readonly bodyChannels: number;
  /** Whether the first MBConv of each body layer has stride 2 as well. */
  readonly bodyExtraStride: boolean;
  /** Width of the head's hidden layer. */
  readonly hidden: number;
  /** Formula that fuses Yang (a) and Yin (i); the paper uses a+i. */
  readonly fusion: FusionFormula;
  /** Yin's input: the mean of the channels or the first one. */
  readonly yin: GreyMode;
  readonly activation: ActivationKind;
  readonly gate: ActivationKind;
  /** Whether MBConv uses its bn0. The authors' ImageNet script has its parameters but does not use them. */
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

/** The nets of the paper, by name. */
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

/** The name of a preset. */
export type Preset = keyof typeof presets;
