import { copy } from '../../kernels/elementwise/launch.ts';
import { gradNorm } from '../../kernels/grad_norm/launch.ts';
import type { Device } from '../runtime/device.ts';
import { Resource } from '../runtime/resource.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Parameter } from './module.ts';
import type { ParameterGroup, ParameterSet, StateDict } from './parameters.ts';
import type { Rates } from './schedule.ts';

/** Options that all optimizers have. */
export interface OptimizerOptions {
  /** Global L2 norm that gradients are scaled down to; they are not if it is left out. PyTorch's clip_grad_norm_. */
  readonly maxNorm?: number;
  /** Decay of the running average of the weights, per step; without it, or with 0, there is no average. */
  readonly averageDecay?: number;
  /** Whether the loss is scaled, as f16 gradients need. */
  readonly scaled?: boolean;
  /** The factor of the learning rate for a parameter; 1 if left out. */
  readonly rateOf?: (parameter: Parameter) => number;
}

/** Settings that may change from step to step. */
export interface StepSettings extends Rates {
  /** 0 if left out. */
  readonly weightDecay?: number;
}

/** The state of an optimizer on the host, for a checkpoint. */
export interface OptimizerState {
  /** Steps taken. */
  readonly steps: number;
  /** Its `moments`, by the parameters' names. */
  readonly moments: readonly StateDict[];
  /** The contents of `Optimizer.guard`. */
  readonly guard: Float32Array<ArrayBuffer>;
}

/** The tensors of every optimizer's kernel, by its names for them. */
export interface GroupTensors {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly average?: Tensor;
  readonly norm: Tensor;
  readonly hyper: Tensor;
}

/** PyTorch's GradScaler starts with the same. */
const INITIAL_SCALE = 65536;

/** Above every norm that is not skipped. WGSL does not promise to compare with infinity. */
const NO_CLIPPING = 3e38;

/**
 * Updates the trainable parameters of a set by their gradients, in one dispatch (with `rateOf`, one a group of neighbouring
 * parameters of one rate) after gradient clipping. Gradients that
 * are not finite change nothing; with `scaled`, neither does the forward pass of that step change running statistics.
 */
export abstract class Optimizer extends Resource {
  /** The running average of the weights; without `averageDecay` the weights themselves. */
  readonly average: Tensor;
  /**
   * Loss scale, good steps and skipped steps, [3]. A step is skipped if its gradient is not finite. Scaled: the good
   * steps are those since the scale last changed. Unscaled: all steps after the first skipped one are skipped too.
   */
  readonly guard: Tensor;
  /** One value or more per parameter that the update keeps: flat tensors, part of the state. */
  protected abstract readonly moments: readonly Tensor[];
  /** The hyperparameters of the next step for each group, as the kernel reads them. */
  protected abstract readonly hyper: readonly Tensor[];
  /** All parameters, in the order of the flat tensors. */
  protected readonly groups: readonly ParameterGroup[];
  /** Norm of the gradient, and the factor that undoes the loss scale or 0 to skip the step, [2]. */
  private readonly norm: Tensor;
  private readonly scaled: boolean;
  private readonly kept: ReturnType<ParameterSet['keepBuffers']>;
  protected readonly maxNorm: number;
  protected readonly averageDecay: number;
  /** Steps prepared so far. */
  protected steps = 0;

  constructor(
    protected readonly device: Device,
    protected readonly parameters: ParameterSet,
    { maxNorm = NO_CLIPPING, averageDecay = 0, scaled = false, rateOf }: OptimizerOptions,
  ) {
    super();
    this.groups = rateOf ? parameters.cut(rateOf) : [{ rate: 1, part: (flat) => flat }];
    this.maxNorm = Math.min(maxNorm, NO_CLIPPING);
    this.averageDecay = averageDecay;
    this.scaled = scaled;
    this.average = parameters.values;
    if (this.averages) {
      this.average = parameters.zeros();
      copy(device, { source: parameters.values, copy: this.average });
    }
    this.kept = scaled ? parameters.keepBuffers() : undefined;
    this.guard = device.upload(Float32Array.of(scaled ? INITIAL_SCALE : 1, 0, 0), [3]);
    this.norm = device.tensor([2]);
  }

  /** The hyperparameters as the kernel reads them. */
  protected abstract hyperparameters(settings: StepSettings): Float32Array;

  /** Queues the dispatch that updates a group's parameters, moments and average. */
  protected abstract update(tensors: GroupTensors, moments: readonly Tensor[]): void;

  private get averages(): boolean {
    return this.averageDecay > 0;
  }

  /** Makes a tensor for the hyperparameters of each group. */
  protected createHyper(): readonly Tensor[] {
    return this.groups.map(() => this.device.tensor([this.hyperparameters({ learningRate: 0 }).length]));
  }

  /** The factor that the loss must be multiplied with, [1]. */
  get lossScale(): Tensor {
    return { ...this.guard, shape: [1] };
  }

  /** Writes the settings of the next step. To be called before each step, also where the step is a recording. */
  prepare(settings: StepSettings): void {
    this.steps++;
    this.groups.forEach(({ rate }, i) => {
      const learningRate = rate * settings.learningRate;
      this.device.write(this.hyper[i], this.hyperparameters({ ...settings, learningRate }));
    });
  }

  /** Queues one step on the set's gradients. Returns their norm [1] before clipping, not finite if the step is skipped. */
  step(): Tensor {
    const { parameters, norm, guard, scaled, kept } = this;
    gradNorm(this.device, { gradient: parameters.gradients, norm, guard, dynamic: scaled, kept });
    this.groups.forEach(({ part }, i) => {
      const average = this.averages ? part(this.average) : undefined;
      const own = { parameter: part(parameters.values), gradient: part(parameters.gradients), average };
      this.update({ ...own, norm, hyper: this.hyper[i] }, this.moments.map(part));
    });
    return { ...norm, shape: [1] };
  }

  /** Reads the state, apart from the average. */
  async state(): Promise<OptimizerState> {
    const moments: StateDict[] = [];
    for (const moment of this.moments) moments.push(await this.parameters.readFlat(moment));
    return { steps: this.steps, moments, guard: await this.device.read(this.guard) };
  }

  /** @throws Error if it is not the state of such an optimizer on such parameters */
  load({ steps, moments, guard }: OptimizerState): void {
    if (moments.length !== this.moments.length) {
      throw new Error(`load(): the state must have ${this.moments.length} moments, got ${moments.length}`);
    }
    this.moments.forEach((moment, i) => {
      this.parameters.writeFlat(moment, moments[i]);
    });
    this.device.write(this.guard, guard);
    this.steps = steps;
  }

  /** Releases all memory of the optimizer. It must not be used again. */
  dispose(): void {
    const { moments, hyper, guard, norm, average } = this;
    for (const tensor of [...moments, ...hyper, guard, norm, ...(this.averages ? [average] : [])]) {
      this.device.release(tensor);
    }
  }
}
