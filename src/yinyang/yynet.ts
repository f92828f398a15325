import { activation } from '../autograd/ops/activation.ts';
import { fuse } from '../autograd/ops/fuse.ts';
import { globalAvgPool } from '../autograd/ops/global_avg_pool.ts';
import { grey } from '../autograd/ops/grey.ts';
import { MBConv, Residual } from '../nn/blocks.ts';
import { Dropout, Linear } from '../nn/layers.ts';
import { Module, type Pass, Sequential } from '../nn/module.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { YYNetConfig } from './config.ts';

/**
 * The Yin Yang Convolutional Net: x[N,C,H,W] → logits[N,classes]. A branch for form on a grey input (Yin) and one for
 * colour (Yang) are fused elementwise, followed by the body and a small head.
 * Source: "Yin Yang Convolutional Nets: Image Manifold Extraction by the Analysis of Opposites".
 */
export class YYNet extends Module {
  readonly yin: Sequential;
  readonly yang: Sequential;
  readonly body: Sequential;
  readonly fc1: Linear;
  private readonly dropout: Dropout;
  readonly fc2: Linear;

  constructor(readonly config: YYNetConfig) {
    super();
    const builder = new Builder(config);
    this.yin = builder.branch(1, (block, blocks) => block === blocks - 1);
    this.yang = builder.branch(config.inputChannels, (block) => block === 0);
    this.body = builder.body();
    this.fc1 = new Linear(builder.width, config.hidden);
    this.dropout = new Dropout(config.dropout, builder.stream());
    this.fc2 = new Linear(config.hidden, config.classes);
  }

  forward(pass: Pass, x: Tensor): Tensor {
    const { fusion, yin: mode, activation: kind } = this.config;
    const { tape } = pass;
    const yang = this.yang.forward(pass, x);
    const yin = this.yin.forward(pass, tape.run(grey, { x }, { mode }));
    const fused = tape.run(fuse, { yang, yin }, { formula: fusion });
    const pooled = tape.run(globalAvgPool, { x: this.body.forward(pass, fused) }, {});
    const hidden = tape.run(activation, { x: this.fc1.forward(pass, pooled) }, { kind });
    return this.fc2.forward(pass, this.dropout.forward(pass, hidden));
  }
}

/** Builds the parts of a net in order. */
class Builder {
  /** Output channels of the last block. */
  width = 0;
  private streams = 0;

  constructor(private readonly config: YYNetConfig) {}

  /** Returns a random stream that no other dropout of the net uses. */
  stream(): number {
    return this.streams++;
  }

  /**
   * @param channels of the branch's input
   * @param strided whether an MBConv has stride 2, by its index in the layer and the number of MBConv there
   */
  branch(channels: number, strided: (block: number, blocks: number) => boolean): Sequential {
    const { branchLayers, branchBlocks, channels: width } = this.config;
    this.width = channels;
    const layers = Array.from({ length: branchLayers }, (_, layer) => {
      const start = layer === 0 ? width : this.width;
      return [this.residual(start, 1), ...this.blocks(branchBlocks, (block) => strided(block, branchBlocks))];
    });
    return new Sequential(...layers.flat());
  }

  body(): Sequential {
    const { bodyLayers, bodyBlocks, bodyChannels, bodyExtraStride } = this.config;
    const layers = Array.from({ length: bodyLayers }, (_, layer) => [
      this.residual(bodyChannels + 2 * layer, 2),
      ...this.blocks(bodyBlocks, (block) => bodyExtraStride && block === 0),
    ]);
    return new Sequential(...layers.flat());
  }

  private residual(channels: number, stride: 1 | 2): Residual {
    const block = new Residual(this.width, channels, stride, this.config.activation);
    this.width = channels;
    return block;
  }

  private blocks(count: number, strided: (block: number) => boolean): MBConv[] {
    const { activation, gate, bn0, dropout, channelsAdded } = this.config;
    return Array.from({ length: count }, (_, block) => {
      const channels = this.width + channelsAdded;
      const options = { activation, gate, bn0, dropout: { p: dropout, stream: this.stream() } };
      const mbconv = new MBConv(this.width, channels, strided(block) ? 2 : 1, options);
      this.width = channels;
      return mbconv;
    });
  }
}
