import { type FoldedConvolution, foldAfter, foldBefore } from '../../kernels/fold_batch_norm/launch.ts';
import { type ActivationKind, activation as activationOp } from '../autograd/ops/activation.ts';
import { add } from '../autograd/ops/add.ts';
import type { BatchNormRates } from '../autograd/ops/batch_norm.ts';
import { maxPool } from '../autograd/ops/max_pool.ts';
import { mbconv } from '../autograd/ops/mbconv.ts';
import { mbconvFolded } from '../autograd/ops/mbconv_folded.ts';
import type { MBConvKinds } from '../autograd/ops/mbconv_shape.ts';
import { residual } from '../autograd/ops/residual.ts';
import { residualFolded } from '../autograd/ops/residual_folded.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import * as init from './init.ts';
import { BatchNorm2d, Conv2d, DepthwiseConv2d, Dropout, SqueezeExcite } from './layers.ts';
import { type FoldedWeights, foldedWeights, isFused, Module, type Pass } from './module.ts';

/** Whether all of these normalise by batch statistics in training, as the fused ops do. */
const useBatchStatistics = (...norms: BatchNorm2d[]) => norms.every((norm) => !norm.frozen);

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
    readonly stride: 1 | 2 = 1,
    private readonly activation: ActivationKind = 'gelu',
  ) {
    super();
    this.conv1 = new Conv2d(cIn, channels, 3, { stride });
    this.bn1 = new BatchNorm2d(channels, activation);
    this.conv2 = new Conv2d(channels, channels, 3);
    this.bn2 = new BatchNorm2d(channels);
    this.shortcut = new Conv2d(cIn, channels, 1, { stride, weight: init.dirac });
  }

  forward(pass: Pass, x: Tensor): Tensor {
    const folded = foldedWeights(pass);
    if (folded) return this.folded(pass, folded, x);
    const fusible = useBatchStatistics(this.bn1, this.bn2);
    return isFused(pass) && fusible ? this.fused(pass, x) : this.layered(pass, x);
  }

  protected override foldOwnBatchNorm(device: Device): FoldedWeights {
    const { conv1, bn1, conv2, bn2 } = this;
    return new Map([
      [conv1, foldAfter(device, conv1.tensors, bn1.norm)],
      [conv2, foldAfter(device, conv2.tensors, bn2.norm)],
    ]);
  }

  /** All layers as one op with the normalisations folded into the convolutions, for evaluation. */
  private folded({ tape }: Pass, folded: FoldedWeights, x: Tensor): Tensor {
    const { conv1, conv2, shortcut, stride, activation } = this;
    const [one, two] = [conv1, conv2].map((convolution) => folded.get(convolution)!);
    const inputs = {
      x,
      ...{ weight1: one.weight, bias1: one.bias, weight2: two.weight, bias2: two.bias },
      ...{ shortcut: shortcut.weight.tensor, shortcutBias: shortcut.bias!.tensor },
    };
    return tape.run(residualFolded, inputs, { stride, activation });
  }

  /** All layers as one op, for training with batch statistics. */
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

  /** Layer by layer: the reference of the ops. Also runs frozen normalisations, and evaluation with gradients. */
  private layered(pass: Pass, x: Tensor): Tensor {
    const { tape } = pass;
    const y = this.bn1.forward(pass, this.conv1.forward(pass, x));
    const a = this.bn2.forward(pass, this.conv2.forward(pass, y));
    const b = this.shortcut.forward(pass, x);
    return tape.run(activationOp, { x: tape.run(add, { a, b }, {}) }, { kind: this.activation });
  }
}

/** Options of an MBConv. Those left out give YYNet's block. */
export interface MBConvOptions {
  /** After the first two convolutions; 'gelu' if left out. */
  readonly activation?: ActivationKind | 'none';
  /** Turns the output of squeeze-and-excite into factors; 'sigmoid' if left out. */
  readonly gate?: ActivationKind;
  /** Dropout after the depthwise convolution, none if left out; `stream` as in `Dropout`. */
  readonly dropout?: { readonly p: number; readonly stream?: number };
  /** Whether bn0 is used, true if left out. Its parameters exist, unless it is 'absent'. */
  readonly bn0?: boolean | 'absent';
  /** Channels after the expansion, 4 · channels if left out; 'absent': the depthwise convolution reads the input. */
  readonly expand?: number | 'absent';
  /** Side of the depthwise kernel, 3 if left out. */
  readonly kernel?: 3 | 5;
  /** Squeeze-and-excite's width, and its inner activation if it is not the block's; or 'absent'. */
  readonly se?: { readonly reduced?: number; readonly activation?: ActivationKind } | 'absent';
  /** 'always' (if left out), with a layer of its own where it cannot add x; or 'identity': x, where the shape is kept. */
  readonly shortcut?: 'always' | 'identity';
  /** Rates of the normalisations, PyTorch's if left out. */
  readonly rates?: BatchNormRates;
}

/** Hidden channels for each output channel of an MBConv. */
const EXPANSION = 4;

/**
 * Inverted bottleneck: bn0 → expand 1×1 → bn1 → act → depthwise → bn2 → act → dropout → squeeze-excite →
 * project 1×1 → bn3, plus the shortcut: x itself, or a 1×1 convolution where the width changes, or a max pool and a
 * 1×1 convolution at stride 2. No activation after the sum. Options leave out parts of it.
 */
export class MBConv extends Module {
  readonly bn0?: BatchNorm2d;
  readonly expand?: Conv2d;
  readonly bn1?: BatchNorm2d;
  readonly depthwise: DepthwiseConv2d;
  readonly bn2: BatchNorm2d;
  private readonly dropout: Dropout;
  private readonly usesBn0: boolean;
  readonly se?: SqueezeExcite;
  readonly project: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly shortcut?: Conv2d;
  private readonly kinds: MBConvKinds;
  private readonly rates: BatchNormRates;

  constructor(
    cIn: number,
    channels: number,
    readonly stride: 1 | 2 = 1,
    options: MBConvOptions = {},
  ) {
    super();
    const { activation = 'gelu', gate = 'sigmoid', dropout = { p: 0 }, bn0 = true, kernel = 3 } = options;
    const { expand = EXPANSION * channels, se = {}, shortcut = 'always', rates = BatchNorm2d.RATES } = options;
    const hidden = expand === 'absent' ? cIn : expand;
    if (bn0 !== 'absent') this.bn0 = new BatchNorm2d(cIn, 'none', rates);
    this.usesBn0 = bn0 === true;
    if (expand !== 'absent') {
      this.expand = new Conv2d(cIn, hidden, 1, { bias: false });
      this.bn1 = new BatchNorm2d(hidden, activation, rates);
    } else if (bn0 !== 'absent') throw new Error("MBConv: bn0 must be 'absent' without an expansion");
    this.depthwise = new DepthwiseConv2d(hidden, stride, kernel);
    this.bn2 = new BatchNorm2d(hidden, activation, rates);
    this.dropout = new Dropout(dropout.p, dropout.stream);
    if (se !== 'absent') {
      const inner = se.activation ?? (activation === 'none' ? undefined : activation);
      this.se = new SqueezeExcite(hidden, { activation: inner, gate, reduced: se.reduced });
    }
    this.project = new Conv2d(hidden, channels, 1, { bias: false });
    this.bn3 = new BatchNorm2d(channels, 'none', rates);
    if (shortcut === 'always') {
      if (stride === 2) this.shortcut = new Conv2d(cIn, channels, 1, { bias: false, weight: init.dirac });
      else if (cIn !== channels) this.shortcut = new Conv2d(cIn, channels, 1);
    }
    const skip = shortcut === 'always' || (stride === 1 && cIn === channels);
    this.kinds = { stride, activation, se: this.se?.kinds, skip };
    this.rates = rates;
  }

  forward(pass: Pass, x: Tensor): Tensor {
    const folded = foldedWeights(pass);
    if (folded) return this.folded(pass, folded, x);
    const norms = [this.bn0, this.bn1, this.bn2, this.bn3].filter((norm) => norm !== undefined);
    const fusible = this.dropout.p === 0 && useBatchStatistics(...norms);
    return isFused(pass) && fusible ? this.fused(pass, x) : this.layered(pass, x);
  }

  protected override foldOwnBatchNorm(device: Device): FoldedWeights {
    const { bn0, usesBn0, expand, bn1, depthwise, bn2, project, bn3 } = this;
    const folded = new Map<Module, FoldedConvolution>();
    if (expand) {
      const behindBn0 = usesBn0 ? foldBefore(device, bn0!.norm, expand.weight.tensor) : expand.tensors;
      folded.set(expand, foldAfter(device, behindBn0, bn1!.norm));
    }
    return folded
      .set(depthwise, foldAfter(device, depthwise.tensors, bn2.norm))
      .set(project, foldAfter(device, project.tensors, bn3.norm));
  }

  /** All layers as one op with the normalisations folded into the convolutions, for evaluation. */
  private folded({ tape }: Pass, folded: FoldedWeights, x: Tensor): Tensor {
    const { expand, depthwise, se, project, shortcut } = this;
    const [one, two, three] = [expand, depthwise, project].map((convolution) => convolution && folded.get(convolution));
    const inputs = {
      x,
      ...{ weight1: one?.weight, bias1: one?.bias, weight2: two!.weight, bias2: two!.bias },
      ...{ weight3: three!.weight, bias3: three!.bias, ...se?.tensors },
      ...{ shortcut: shortcut?.weight.tensor, shortcutBias: shortcut?.bias?.tensor },
    };
    return tape.run(mbconvFolded, inputs, this.kinds);
  }

  /** All layers as one op, for training with batch statistics. */
  private fused({ tape }: Pass, x: Tensor): Tensor {
    const { usesBn0, bn1, bn2, bn3, expand, depthwise, se, project, shortcut, kinds, rates } = this;
    const bn0 = usesBn0 ? this.bn0 : undefined;
    const inputs = {
      x,
      ...{ gamma0: bn0?.weight.tensor, beta0: bn0?.bias.tensor, expand: expand?.weight.tensor },
      ...{ gamma1: bn1?.weight.tensor, beta1: bn1?.bias.tensor, depthwise: depthwise.weight.tensor },
      ...{ gamma2: bn2.weight.tensor, beta2: bn2.bias.tensor, ...se?.tensors },
      ...{ project: project.weight.tensor, gamma3: bn3.weight.tensor, beta3: bn3.bias.tensor },
      ...{ shortcut: shortcut?.weight.tensor, shortcutBias: shortcut?.bias?.tensor },
    };
    const running = [bn0, bn1, bn2, bn3].flatMap((bn) => bn?.running ?? []);
    return tape.run(mbconv, inputs, { ...kinds, running, ...rates });
  }

  /** Layer by layer: the reference of the ops. Also runs what these lack, such as dropout and frozen normalisations. */
  private layered(pass: Pass, x: Tensor): Tensor {
    let y = this.usesBn0 ? this.bn0!.forward(pass, x) : x;
    if (this.expand) y = this.bn1!.forward(pass, this.expand.forward(pass, y));
    y = this.bn2.forward(pass, this.depthwise.forward(pass, y));
    y = this.dropout.forward(pass, y);
    if (this.se) y = this.se.forward(pass, y);
    y = this.bn3.forward(pass, this.project.forward(pass, y));
    return this.kinds.skip ? pass.tape.run(add, { a: y, b: this.skip(pass, x) }, {}) : y;
  }

  private skip(pass: Pass, x: Tensor): Tensor {
    const pooled = this.stride === 2 ? pass.tape.run(maxPool, { x }, {}) : x;
    return this.shortcut ? this.shortcut.forward(pass, pooled) : pooled;
  }
}
