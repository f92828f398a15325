import type { ActivationKind } from '../autograd/ops/activation.ts';
import { batchNorm } from '../autograd/ops/batch_norm.ts';
import { conv3x3 } from '../autograd/ops/conv3x3.ts';
import { depthwise } from '../autograd/ops/depthwise.ts';
import { dropout } from '../autograd/ops/dropout.ts';
import { linear } from '../autograd/ops/linear.ts';
import { pointwise } from '../autograd/ops/pointwise.ts';
import { squeezeExcite } from '../autograd/ops/squeeze_excite.ts';
import type { Tensor } from '../runtime/tensor.ts';
import * as init from './init.ts';
import { Buffer, type Initialiser, Module, Parameter, type Pass } from './module.ts';

/** What stands between convolutions: exact GELU (the paper) or SiLU (the CIFAR-10 notebook). */
export type Activation = Extract<ActivationKind, 'gelu' | 'silu'>;

/** What squashes squeeze-and-excite's weights: sigmoid (CIFAR-10 code) or hard-sigmoid (ImageNet code). */
export type Gate = Extract<ActivationKind, 'sigmoid' | 'hard_sigmoid'>;

/** Dense convolution with a 3×3 or 1×1 kernel and padding ⌊kernel/2⌋: [N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉]. */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias?: Parameter;
  private readonly op;

  constructor(
    cIn: number,
    cOut: number,
    kernel: 1 | 3,
    private readonly options: { stride?: 1 | 2; bias?: boolean; weight?: Initialiser } = {},
  ) {
    super();
    const { bias = true, weight = init.convolution(cIn, cOut, kernel) } = options;
    this.op = kernel === 1 ? pointwise : conv3x3;
    this.weight = new Parameter([cOut, cIn, kernel, kernel], weight);
    if (bias) this.bias = new Parameter([cOut], init.zeros);
  }

  /** As the kernels name them. */
  get tensors() {
    return { weight: this.weight.tensor, bias: this.bias?.tensor };
  }

  forward({ tape }: Pass, x: Tensor): Tensor {
    const { stride = 1 } = this.options;
    return tape.run(this.op, { x, ...this.tensors }, { stride });
  }
}

/** Depthwise 3×3 convolution without bias: [N,C,H,W] → [N,C,⌈H/s⌉,⌈W/s⌉]. */
export class DepthwiseConv2d extends Module {
  readonly weight: Parameter;

  constructor(
    channels: number,
    private readonly stride: 1 | 2 = 1,
  ) {
    super();
    this.weight = new Parameter([channels, 1, 3, 3], init.convolution(channels, channels, 3));
  }

  /** As the kernels name it. */
  get tensors() {
    return { weight: this.weight.tensor };
  }

  forward({ tape }: Pass, x: Tensor): Tensor {
    return tape.run(depthwise, { x, ...this.tensors }, { stride: this.stride });
  }
}

/** Batch normalisation over N, H and W, with the activation that follows it. PyTorch's BatchNorm2d and defaults. */
export class BatchNorm2d extends Module {
  static readonly RATES = { momentum: 0.1, eps: 1e-5 };

  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly running_mean: Buffer;
  readonly running_var: Buffer;

  constructor(
    channels: number,
    private readonly activation: Activation | 'none' = 'none',
  ) {
    super();
    this.weight = new Parameter([channels], init.ones);
    this.bias = new Parameter([channels], init.zeros);
    this.running_mean = new Buffer([channels], init.zeros);
    this.running_var = new Buffer([channels], init.ones);
  }

  get running() {
    return { mean: this.running_mean.tensor, variance: this.running_var.tensor };
  }

  /** What evaluation normalises with, as the kernels name it. */
  get norm() {
    return { gamma: this.weight.tensor, beta: this.bias.tensor, running: this.running, eps: BatchNorm2d.RATES.eps };
  }

  forward({ tape, training }: Pass, x: Tensor): Tensor {
    return tape.run(
      batchNorm,
      { x, gamma: this.weight.tensor, beta: this.bias.tensor },
      { training, running: this.running, ...BatchNorm2d.RATES, activation: this.activation },
    );
  }
}

/** Squeeze-and-excite with a bottleneck of channels/4: x · gate(expand(act(reduce(mean(x))))). */
export class SqueezeExcite extends Module {
  readonly reduce: Conv2d;
  readonly expand: Conv2d;

  constructor(
    channels: number,
    readonly kinds: { readonly activation: Activation; readonly gate: Gate },
  ) {
    super();
    const squeezed = Math.floor(channels / 4);
    this.reduce = new Conv2d(channels, squeezed, 1);
    this.expand = new Conv2d(squeezed, channels, 1);
  }

  /** The two layers' tensors, as the ops name them. */
  get tensors() {
    const { reduce, expand } = this;
    return {
      ...{ reduceWeight: reduce.weight.tensor, reduceBias: reduce.bias!.tensor },
      ...{ expandWeight: expand.weight.tensor, expandBias: expand.bias!.tensor },
    };
  }

  forward({ tape }: Pass, x: Tensor): Tensor {
    return tape.run(squeezeExcite, { x, ...this.tensors }, this.kinds);
  }
}

/** x[N,I] → [N,O]. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(inputs: number, outputs: number) {
    super();
    this.weight = new Parameter([outputs, inputs], init.linear(inputs, outputs));
    this.bias = new Parameter([outputs], init.zeros);
  }

  forward({ tape }: Pass, x: Tensor): Tensor {
    return tape.run(linear, { x, weight: this.weight.tensor, bias: this.bias.tensor }, {});
  }
}

/** Zeroes elements with probability p in training and scales the others by 1/(1−p). */
export class Dropout extends Module {
  /** @param stream tells the masks of a net's dropouts apart */
  constructor(
    readonly p: number,
    private readonly stream: number,
  ) {
    super();
  }

  forward({ tape, training, seed }: Pass, x: Tensor): Tensor {
    if (!training || this.p === 0) return x;
    if (!seed) throw new Error('dropout: a training pass must have a seed');
    return tape.run(dropout, { x }, { p: this.p, seed, stream: this.stream });
  }
}
