import { type FoldedConvolution, foldAfter, foldBefore } from '../../kernels/fold/launch.ts';
import { activation as activationOp } from '../autograd/ops/activation.ts';
import { add } from '../autograd/ops/add.ts';
import { maxPool } from '../autograd/ops/max_pool.ts';
import { mbconv } from '../autograd/ops/mbconv.ts';
import { mbconvFolded } from '../autograd/ops/mbconv_folded.ts';
import { residual } from '../autograd/ops/residual.ts';
import { residualFolded } from '../autograd/ops/residual_folded.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import * as init from './init.ts';
import { type Activation, BatchNorm2d, Conv2d, DepthwiseConv2d, Dropout, type Gate, SqueezeExcite } from './layers.ts';
import { type Folded, foldedIn, isFused, Module, type Pass } from './module.ts';

/**
 * Two 3×3 convolutions beside a 1×1 shortcut that is always there:
 * act(bn2(conv2(act(bn1(conv1(x))))) + shortcut(x)), the stride in conv1 and the shortcut.
 */
export class Residual extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly shortcut: Conv2d;

  constructor(
    cIn: number,
    channels: number,
    readonly stride: 1 | 2,
    private readonly activation: Activation,
  ) {
    super();
    this.conv1 = new Conv2d(cIn, channels, 3, { stride });
    this.bn1 = new BatchNorm2d(channels, activation);
    this.conv2 = new Conv2d(channels, channels, 3);
    this.bn2 = new BatchNorm2d(channels);
    this.shortcut = new Conv2d(cIn, channels, 1, { stride, weight: init.dirac });
  }

  forward(pass: Pass, x: Tensor): Tensor {
    const folded = foldedIn(pass);
    if (folded) return this.folded(pass, folded, x);
    return isFused(pass) ? this.fused(pass, x) : this.layered(pass, x);
  }

  override fold(device: Device): Folded {
    const { conv1, bn1, conv2, bn2 } = this;
    return new Map([
      [conv1, foldAfter(device, conv1.tensors, bn1.norm)],
      [conv2, foldAfter(device, conv2.tensors, bn2.norm)],
    ]);
  }

  /** All layers as one op without normalisations: fast evaluation. */
  private folded({ tape }: Pass, folded: Folded, x: Tensor): Tensor {
    const { conv1, conv2, shortcut, stride, activation } = this;
    const [one, two] = [conv1, conv2].map((convolution) => folded.get(convolution)!);
    const inputs = {
      x,
      ...{ weight1: one.weight, bias1: one.bias, weight2: two.weight, bias2: two.bias },
      ...{ shortcut: shortcut.weight.tensor, shortcutBias: shortcut.bias!.tensor },
    };
    return tape.run(residualFolded, inputs, { stride, activation });
  }

  /** All layers as one op: what training runs. */
  private fused({ tape }: Pass, x: Tensor): Tensor {
    const { conv1, bn1, conv2, bn2, shortcut, stride, activation } = this;
    const inputs = {
      x,
      ...{ weight1: conv1.weight.tensor, bias1: conv1.bias!.tensor, gamma1: bn1.weight.tensor, beta1: bn1.bias.tensor },
      ...{ weight2: conv2.weight.tensor, bias2: conv2.bias!.tensor, gamma2: bn2.weight.tensor, beta2: bn2.bias.tensor },
      ...{ shortcut: shortcut.weight.tensor, shortcutBias: shortcut.bias!.tensor },
    };
    const running = [bn1.running, bn2.running];
    return tape.run(residual, inputs, { stride, activation, running, ...BatchNorm2d.RATES });
  }

  /** Layer by layer: gradients of evaluation, and the reference of the ops. */
  private layered(pass: Pass, x: Tensor): Tensor {
    const { tape } = pass;
    const y = this.bn1.forward(pass, this.conv1.forward(pass, x));
    const a = this.bn2.forward(pass, this.conv2.forward(pass, y));
    const b = this.shortcut.forward(pass, x);
    return tape.run(activationOp, { x: tape.run(add, { a, b }, {}) }, { kind: this.activation });
  }
}

export interface MBConvOptions {
  readonly activation: Activation;
  readonly gate: Gate;
  /** Probability, after the depthwise convolution; 0 where none is wanted. */
  readonly dropout: { readonly p: number; readonly stream: number };
  /** Whether bn0 is used; if not, its parameters exist and do nothing. True if not given. */
  readonly bn0?: boolean;
}

/** Hidden channels for each output channel of an MBConv. */
const EXPANSION = 4;

/**
 * Inverted bottleneck: bn0 → expand 1×1 → bn1 → act → depthwise 3×3 → bn2 → act → dropout → squeeze-excite →
 * project 1×1 → bn3, plus the shortcut: x itself, or a 1×1 convolution where the width changes, or a max pool and a
 * 1×1 convolution at stride 2. No activation after the sum.
 */
export class MBConv extends Module {
  readonly bn0: BatchNorm2d;
  readonly expand: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly depthwise: DepthwiseConv2d;
  readonly bn2: BatchNorm2d;
  private readonly dropout: Dropout;
  private readonly usesBn0: boolean;
  readonly se: SqueezeExcite;
  readonly project: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly shortcut?: Conv2d;

  constructor(
    cIn: number,
    channels: number,
    readonly stride: 1 | 2,
    { activation, gate, dropout, bn0 = true }: MBConvOptions,
  ) {
    super();
    const hidden = EXPANSION * channels;
    this.bn0 = new BatchNorm2d(cIn);
    this.usesBn0 = bn0;
    this.expand = new Conv2d(cIn, hidden, 1, { bias: false });
    this.bn1 = new BatchNorm2d(hidden, activation);
    this.depthwise = new DepthwiseConv2d(hidden, stride);
    this.bn2 = new BatchNorm2d(hidden, activation);
    this.dropout = new Dropout(dropout.p, dropout.stream);
    this.se = new SqueezeExcite(hidden, { activation, gate });
    this.project = new Conv2d(hidden, channels, 1, { bias: false });
    this.bn3 = new BatchNorm2d(channels);
    if (stride === 2) this.shortcut = new Conv2d(cIn, channels, 1, { bias: false, weight: init.dirac });
    else if (cIn !== channels) this.shortcut = new Conv2d(cIn, channels, 1);
  }

  forward(pass: Pass, x: Tensor): Tensor {
    const folded = foldedIn(pass);
    if (folded) return this.folded(pass, folded, x);
    const fusible = this.dropout.p === 0 && this.usesBn0;
    return isFused(pass) && fusible ? this.fused(pass, x) : this.layered(pass, x);
  }

  override fold(device: Device): Folded {
    const { bn0, usesBn0, expand, bn1, depthwise, bn2, project, bn3 } = this;
    const behindBn0 = usesBn0 ? foldBefore(device, bn0.norm, expand.weight.tensor) : expand.tensors;
    return new Map<Module, FoldedConvolution>([
      [expand, foldAfter(device, behindBn0, bn1.norm)],
      [depthwise, foldAfter(device, depthwise.tensors, bn2.norm)],
      [project, foldAfter(device, project.tensors, bn3.norm)],
    ]);
  }

  /** All layers as one op without normalisations: fast evaluation. */
  private folded({ tape }: Pass, folded: Folded, x: Tensor): Tensor {
    const { expand, depthwise, se, project, shortcut, stride } = this;
    const [one, two, three] = [expand, depthwise, project].map((convolution) => folded.get(convolution)!);
    const inputs = {
      x,
      ...{ weight1: one.weight, bias1: one.bias, weight2: two.weight, bias2: two.bias },
      ...{ weight3: three.weight, bias3: three.bias, ...se.tensors },
      ...{ shortcut: shortcut?.weight.tensor, shortcutBias: shortcut?.bias?.tensor },
    };
    return tape.run(mbconvFolded, inputs, { stride, ...se.kinds });
  }

  /** All layers as one op: what training runs. */
  private fused({ tape }: Pass, x: Tensor): Tensor {
    const { bn0, bn1, bn2, bn3, expand, depthwise, se, project, shortcut, stride } = this;
    const inputs = {
      x,
      ...{ gamma0: bn0.weight.tensor, beta0: bn0.bias.tensor, expand: expand.weight.tensor },
      ...{ gamma1: bn1.weight.tensor, beta1: bn1.bias.tensor, depthwise: depthwise.weight.tensor },
      ...{ gamma2: bn2.weight.tensor, beta2: bn2.bias.tensor, ...se.tensors },
      ...{ project: project.weight.tensor, gamma3: bn3.weight.tensor, beta3: bn3.bias.tensor },
      ...{ shortcut: shortcut?.weight.tensor, shortcutBias: shortcut?.bias?.tensor },
    };
    const running = [bn0, bn1, bn2, bn3].map((bn) => bn.running);
    return tape.run(mbconv, inputs, { stride, ...se.kinds, running, ...BatchNorm2d.RATES });
  }

  /** Layer by layer: gradients of evaluation, the reference of the ops, and options that these lack. */
  private layered(pass: Pass, x: Tensor): Tensor {
    let y = this.expand.forward(pass, this.usesBn0 ? this.bn0.forward(pass, x) : x);
    y = this.depthwise.forward(pass, this.bn1.forward(pass, y));
    y = this.dropout.forward(pass, this.bn2.forward(pass, y));
    y = this.project.forward(pass, this.se.forward(pass, y));
    return pass.tape.run(add, { a: this.bn3.forward(pass, y), b: this.skip(pass, x) }, {});
  }

  private skip(pass: Pass, x: Tensor): Tensor {
    const pooled = this.stride === 2 ? pass.tape.run(maxPool, { x }, {}) : x;
    return this.shortcut ? this.shortcut.forward(pass, pooled) : pooled;
  }
}
