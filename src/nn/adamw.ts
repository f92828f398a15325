import { adamw, hyperparameters } from '../../kernels/adamw/launch.ts';
import { copy } from '../../kernels/elementwise/launch.ts';
import { gradNorm } from '../../kernels/grad_norm/launch.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { ParameterSet, StateDict } from './parameters.ts';

export interface AdamWOptions {
  /** Divides by the largest second moment so far instead of the current one. */
  readonly amsgrad: boolean;
  /** Global L2 norm that gradients are scaled down to. */
  readonly maxNorm: number;
  /** Decay of the running average of the weights, per step. */
  readonly averageDecay: number;
  /** Decay of the second moment; 0.999 where left out. */
  readonly beta2?: number;
  /** Added to the second moment's root; 1e-8 where left out. */
  readonly eps?: number;
  /** Whether the loss is scaled, as f16 needs. */
  readonly scaled?: boolean;
}

/** PyTorch's GradScaler begins with the same. */
const INITIAL_SCALE = 65536;

/** What changes from step to step. */
export interface StepSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly beta1: number;
}

/** What an optimizer must know to go on. */
export interface OptimizerState {
  /** Steps taken. */
  readonly steps: number;
  /** First and second moments and, with amsgrad, the largest second ones, by the parameters' names. */
  readonly moments: readonly StateDict[];
  /** The contents of `AdamW.guard`. */
  readonly guard: Float32Array<ArrayBuffer>;
}

/**
 * AdamW over all parameters of a set, with gradient clipping and an average of the weights in the same pass.
 * PyTorch's clip_grad_norm_ and AdamW.
 */
export class AdamW {
  /** The weights, averaged over the steps; before the first step, the weights themselves. */
  readonly average: Tensor;
  private readonly moment1: Tensor;
  private readonly moment2: Tensor;
  private readonly moment2Max?: Tensor;
  /**
   * Keeps gradients that are not finite out of the weights: what the loss must be multiplied with, good steps (scaled:
   * since that last changed) and steps skipped, [3]. Unscaled, the first bad step is the last.
   */
  readonly guard: Tensor;
  private readonly norm: Tensor;
  private readonly hyper: Tensor;
  private steps = 0;

  constructor(
    private readonly device: Device,
    private readonly parameters: ParameterSet,
    private readonly options: AdamWOptions,
  ) {
    this.average = parameters.vector();
    copy(device, { source: parameters.values, copy: this.average });
    this.moment1 = parameters.vector();
    this.moment2 = parameters.vector();
    if (options.amsgrad) this.moment2Max = parameters.vector();
    this.guard = device.upload(Float32Array.of(options.scaled ? INITIAL_SCALE : 1, 0, 0), [3]);
    this.norm = device.tensor([2]);
    this.hyper = device.tensor([hyperparameters(this.hyperOf({ learningRate: 0, weightDecay: 0, beta1: 0 })).length]);
  }

  /** What the loss must be multiplied with, [1]. */
  get lossScale(): Tensor {
    return { ...this.guard, shape: [1] };
  }

  async state(): Promise<OptimizerState> {
    const { device, parameters, steps } = this;
    const moments: StateDict[] = [];
    for (const moment of this.moments) moments.push(await parameters.vectorDict(moment));
    return { steps, moments, guard: await device.read(this.guard) };
  }

  /** @throws Error if it is not the state of such an optimizer */
  load({ steps, moments, guard }: OptimizerState): void {
    if (moments.length !== this.moments.length) {
      throw new Error(`load(): ${this.moments.length} kinds of moments are needed, got ${moments.length}`);
    }
    this.moments.forEach((moment, i) => {
      this.parameters.loadVectorDict(moment, moments[i]);
    });
    this.device.write(this.guard, guard);
    this.steps = steps;
  }

  /** Writes the settings of the next step; the step itself may be a recording. */
  prepare(settings: StepSettings): void {
    this.steps++;
    this.device.write(this.hyper, hyperparameters(this.hyperOf(settings)));
  }

  /** Queues one step on the set's gradients. Returns their norm [1] before clipping, not finite if the step is skipped. */
  step(): Tensor {
    const { values: parameter, gradients: gradient } = this.parameters;
    const { moment1, moment2, moment2Max, average, norm, hyper, guard } = this;
    gradNorm(this.device, { gradient, norm, guard, dynamic: this.options.scaled });
    adamw(this.device, { parameter, gradient, moment1, moment2, moment2Max, average, norm, hyper });
    return { ...norm, shape: [1] };
  }

  private get moments(): Tensor[] {
    const { moment1, moment2, moment2Max } = this;
    return [moment1, moment2, ...(moment2Max ? [moment2Max] : [])];
  }

  private hyperOf(settings: StepSettings) {
    const { maxNorm, averageDecay, beta2 = 0.999, eps = 1e-8 } = this.options;
    return { ...settings, beta2, eps, step: this.steps, maxNorm, averageDecay };
  }
}
