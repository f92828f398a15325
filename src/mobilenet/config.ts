import type { NetConfig } from '../nn/architecture.ts';

/** How the widths of the layers follow from the width multiplier. Both are the same at 1. */
export const scalings = ['paper', 'timm'] as const;

/** Hyperparameters of a MobileNetV3-Small. */
export interface MobileNetV3Config extends NetConfig {
  /** Multiplies the channels of the layers, which are then rounded to multiples of 8. */
  readonly width: number;
  /** 'paper': all widths are scaled, as in torchvision. 'timm': expansions are scaled from the block's input, the head is not. */
  readonly scaling: (typeof scalings)[number];
  /** Dropout probability in the head. */
  readonly dropout: number;
  /** Added to the variance by batch normalisations. torchvision's weights need 0.001. */
  readonly bnEps: number;
  /** Weight of a batch's statistics in the running ones. torchvision's is 0.01. */
  readonly bnMomentum: number;
}

/** The net of the paper for ImageNet, with PyTorch's batch normalisation. */
export const mobilenetV3SmallConfig: MobileNetV3Config = {
  inputSize: 224,
  inputChannels: 3,
  classes: 1000,
  width: 1,
  scaling: 'paper',
  dropout: 0.2,
  bnEps: 1e-5,
  bnMomentum: 0.1,
};

/** One inverted bottleneck. */
export interface BlockShape {
  readonly kernel: 3 | 5;
  /** Channels after the expansion; 'absent' if the depthwise convolution reads the input. */
  readonly expand: number | 'absent';
  readonly channels: number;
  /** Channels between the layers of squeeze-and-excite; 'absent' if the block has none. */
  readonly reduced: number | 'absent';
  readonly activation: 'relu' | 'hard_swish';
  readonly stride: 1 | 2;
}

/** Widths of the whole net. */
export interface Shape {
  readonly stem: number;
  readonly blocks: readonly BlockShape[];
  /** Channels of the last convolution, and of the head's hidden layer. */
  readonly last: number;
  readonly hidden: number;
}

/** Table 2 of the paper: kernel, expanded channels, timm's expansion ratio, channels, squeeze-and-excite, activation, stride. */
const TABLE = [
  [3, 16, 1, 16, true, 'relu', 2],
  [3, 72, 4.5, 24, false, 'relu', 2],
  [3, 88, 3.67, 24, false, 'relu', 1],
  [5, 96, 4, 40, true, 'hard_swish', 2],
  [5, 240, 6, 40, true, 'hard_swish', 1],
  [5, 240, 6, 40, true, 'hard_swish', 1],
  [5, 120, 3, 48, true, 'hard_swish', 1],
  [5, 144, 3, 48, true, 'hard_swish', 1],
  [5, 288, 6, 96, true, 'hard_swish', 2],
  [5, 576, 6, 96, true, 'hard_swish', 1],
  [5, 576, 6, 96, true, 'hard_swish', 1],
] as const;

/** The nearest multiple of 8 that is at least 8 and not more than a tenth below: the authors' rule. */
function roundChannels(channels: number): number {
  const rounded = Math.max(8, 8 * Math.floor((channels + 4) / 8));
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** The widths that a config gives. */
export function shapeOf({ width, scaling }: Pick<MobileNetV3Config, 'width' | 'scaling'>): Shape {
  const scaled = (channels: number) => roundChannels(width * channels);
  const stem = scaled(16);
  let input = stem;
  const blocks = TABLE.map(([kernel, expanded, ratio, channels, gated, activation, stride], i): BlockShape => {
    const hidden = i === 0 ? input : scaling === 'timm' ? roundChannels(input * ratio) : scaled(expanded);
    input = scaled(channels);
    return {
      ...{ kernel, expand: i === 0 ? 'absent' : hidden, channels: input },
      ...{ reduced: gated ? roundChannels(hidden / 4) : 'absent', activation, stride },
    };
  });
  const isPaper = scaling === 'paper';
  return { stem, blocks, last: isPaper ? 6 * input : scaled(576), hidden: isPaper ? scaled(1024) : 1024 };
}
