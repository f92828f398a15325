import { activation } from '../autograd/ops/activation.ts';
import { globalAvgPool } from '../autograd/ops/global_avg_pool.ts';
import { MBConv } from '../nn/blocks.ts';
import { BatchNorm2d, Conv2d, Dropout, Linear } from '../nn/layers.ts';
import { Module, type Pass, Sequential } from '../nn/module.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { type BlockShape, type MobileNetV3Config, shapeOf } from './config.ts';

/**
 * MobileNetV3-Small: x[N,C,H,W] → logits[N,classes]. A strided 3×3 convolution, eleven inverted bottlenecks, a 1×1
 * convolution, and a head of two linear layers. Source: "Searching for MobileNetV3".
 */
export class MobileNetV3Small extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly blocks: Sequential;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly fc1: Linear;
  private readonly dropout: Dropout;
  readonly fc2: Linear;

  constructor(readonly config: MobileNetV3Config) {
    super();
    const { inputChannels, classes, dropout, bnEps: eps, bnMomentum: momentum } = config;
    const { stem, blocks, last, hidden } = shapeOf(config);
    const rates = { eps, momentum };
    this.conv1 = new Conv2d(inputChannels, stem, 3, { stride: 2, bias: false });
    this.bn1 = new BatchNorm2d(stem, 'hard_swish', rates);
    const widths = [stem, ...blocks.map(({ channels }) => channels)];
    this.blocks = new Sequential(...blocks.map((shape, i) => createBlock(widths[i], shape, rates)));
    this.conv2 = new Conv2d(widths[blocks.length], last, 1, { bias: false });
    this.bn2 = new BatchNorm2d(last, 'hard_swish', rates);
    this.fc1 = new Linear(last, hidden);
    this.dropout = new Dropout(dropout, 0);
    this.fc2 = new Linear(hidden, classes);
  }

  forward(pass: Pass, x: Tensor): Tensor {
    const { tape } = pass;
    const stem = this.bn1.forward(pass, this.conv1.forward(pass, x));
    const features = this.bn2.forward(pass, this.conv2.forward(pass, this.blocks.forward(pass, stem)));
    const pooled = tape.run(globalAvgPool, { x: features }, {});
    const hidden = tape.run(activation, { x: this.fc1.forward(pass, pooled) }, { kind: 'hard_swish' });
    return this.fc2.forward(pass, this.dropout.forward(pass, hidden));
  }
}

function createBlock(
  cIn: number,
  { kernel, expand, channels, reduced, activation, stride }: BlockShape,
  rates: { readonly eps: number; readonly momentum: number },
): MBConv {
  return new MBConv(cIn, channels, stride, {
    ...{ kernel, expand, activation, gate: 'hard_sigmoid', bn0: 'absent', shortcut: 'identity', rates },
    se: reduced === 'absent' ? 'absent' : { reduced, activation: 'relu' },
  });
}
