import type { ActivationKind } from '../autograd/ops/activation.ts';
import { type BatchNormRates, batchNorm } from '../autograd/ops/batch_norm.ts';
import { conv3x3 } from '../autograd/ops/conv3x3.ts';
import { depthwise } from '../autograd/ops/depthwise.ts';
import { dropout } from '../autograd/ops/dropout.ts';
import { linear } from '../autograd/ops/linear.ts';
import { pointwise } from '../autograd/ops/pointwise.ts';
import { squeezeExcite } from '../autograd/ops/squeeze_excite.ts';
import type { Tape } from '../autograd/tape.ts';
import type { Tensor } from '../runtime/tensor.ts';
import * as init from './init.ts';
import { type Initialiser, Module, Parameter, type Pass, StateBuffer } from './module.ts';

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

  /** The tensors by the op's names for them. */
  get tensors() {
    return { weight: this.weight.tensor, bias: this.bias?.tensor };
  }

  forward({ tape }: Pass, x: Tensor): Tensor {
    const { stride = 1 } = this.options;
    return tape.run(this.op, { x, ...this.tensors }, { stride });
  }
}

/** Depthwise 3×3 or 5×5 convolution without bias, padding ⌊kernel/2⌋: [N,C,H,W] → [N,C,⌈H/s⌉,⌈W/s⌉]. */
export class DepthwiseConv2d extends Module {
  readonly weight: Parameter;

  constructor(
    channels: number,
    private readonly stride: 1 | 2 = 1,
    kernel: 3 | 5 = 3,
  ) {
    super();
    this.weight = new Parameter([channels, 1, kernel, kernel], init.convolution(channels, channels, kernel));
  }

  /** The tensors by the op's names for them. */
  get tensors() {
    return { weight: this.weight.tensor };
  }

  forward({ tape }: Pass, x: Tensor): Tensor {
    return tape.run(depthwise, { x, ...this.tensors }, { stride: this.stride });
  }
}

/**
 * Batch normalisation over N, H and W, with the activation that follows it. PyTorch's BatchNorm2d and defaults. Training
 * uses batch statistics, evaluation and a frozen module the running ones.
 */
export class BatchNorm2d extends Module {
  /** How far one batch moves the running statistics, and what is added to the variance. */
  static readonly RATES: BatchNormRates = { momentum: 0.1, eps: 1e-5 };

  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly running_mean: StateBuffer;
  readonly running_var: StateBuffer;

  constructor(
    channels: number,
    private readonly activation: ActivationKind | 'none' = 'none',
    private readonly rates: BatchNormRates = BatchNorm2d.RATES,
  ) {
    super();
    this.weight = new Parameter([channels], init.ones);
    this.bias = new Parameter([channels], init.zeros);
    this.running_mean = new StateBuffer([channels], init.zeros);
    this.running_var = new StateBuffer([channels], init.ones);
  }

  /** The running statistics by the op's names for them. */
  get running() {
    return { mean: this.running_mean.tensor, variance: this.running_var.tensor };
  }

  /** How far one batch moves the running statistics. */
  get momentum(): number {
    return this.rates.momentum;
  }

  /** The tensors that evaluation normalises with, by the kernels' names for them. */
  get norm() {
    return { gamma: this.weight.tensor, beta: this.bias.tensor, running: this.running, eps: this.rates.eps };
  }

  forward({ tape, training }: Pass, x: Tensor): Tensor {
    return tape.run(
      batchNorm,
      { x, gamma: this.weight.tensor, beta: this.bias.tensor },
      { training: training && !this.frozen, running: this.running, ...this.rates, activation: this.activation },
    );
  }
}

/** Activations of squeeze-and-excite: between its layers, and of its output. */
export interface SqueezeExciteKinds {
  readonly activation: ActivationKind;
  readonly gate: ActivationKind;
}

/** Activations and width of squeeze-and-excite. */
export interface SqueezeExciteOptions extends Partial<SqueezeExciteKinds> {
  /** Channels between its layers; ⌊channels/4⌋, at least 1, if left out. */
  readonly reduced?: number;
}

/** Squeeze-and-excite: x · gate(expand(act(reduce(mean(x))))). */
export class SqueezeExcite extends Module {
  readonly reduce: Conv2d;
  readonly expand: Conv2d;
  readonly kinds: SqueezeExciteKinds;

  constructor(channels: number, { activation = 'gelu', gate = 'sigmoid', reduced }: SqueezeExciteOptions = {}) {
    super();
    this.kinds = { activation, gate };
    const squeezed = reduced ?? Math.max(1, Math.floor(channels / 4));
    this.reduce = new Conv2d(channels, squeezed, 1);
    this.expand = new Conv2d(squeezed, channels, 1);
  }

  /** The tensors of both layers by the op's names for them. */
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

/** Linear layer with bias: [N,I] → [N,O]. PyTorch's Linear. */
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

/** Streams that nets number by themselves are below this one, those that dropouts take by themselves are not. */
const OWN_STREAMS = 2 ** 16;

/** Dropouts without a stream of their own that have run on a tape. */
const unnumbered = new WeakMap<Tape, number>();

/** Zeroes elements with probability p in training and scales the others by 1/(1−p). */
export class Dropout extends Module {
  /**
   * @param stream sets this dropout's masks apart from those of others in the net. If left out, the position among the
   *   dropouts of a forward pass does.
   */
  constructor(
    readonly p: number,
    private readonly stream?: number,
  ) {
    super();
  }

  forward({ tape, training, seed }: Pass, x: Tensor): Tensor {
    if (!training || this.p === 0) return x;
    if (!seed) throw new Error('Dropout.forward(): the pass must have a seed in training, got none');
    return tape.run(dropout, { x }, { p: this.p, seed, stream: this.stream ?? nextStream(tape) });
  }
}

function nextStream(tape: Tape): number {
  const count = unnumbered.get(tape) ?? 0;
  unnumbered.set(tape, count + 1);
  return OWN_STREAMS + count;
}
