import { adamw, hyperparameters } from '../../kernels/adamw/launch.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { type GroupTensors, Optimizer, type OptimizerOptions, type StepSettings } from './optimizer.ts';
import type { ParameterSet } from './parameters.ts';

/** Options of AdamW; the defaults are PyTorch's. */
export interface AdamWOptions extends OptimizerOptions {
  /** Whether the update divides by the largest second moment so far instead of the current one. */
  readonly amsgrad?: boolean;
  /** Decay of the first moment where a step's settings have none; 0.9 if left out. */
  readonly beta1?: number;
  /** Decay of the second moment; 0.999 if left out. */
  readonly beta2?: number;
  /** Added to the second moment's root; 1e-8 if left out. */
  readonly eps?: number;
}

/** PyTorch's AdamW: weight decay acts on the weights, not on the gradient. */
export class AdamW extends Optimizer {
  /** First and second moments and, with amsgrad, the largest second ones. */
  protected readonly moments: readonly Tensor[];
  protected readonly hyper: readonly Tensor[];

  constructor(
    device: Device,
    parameters: ParameterSet,
    private readonly options: AdamWOptions = {},
  ) {
    super(device, parameters, options);
    this.moments = Array.from({ length: options.amsgrad ? 3 : 2 }, () => parameters.zeros());
    this.hyper = this.createHyper();
  }

  protected hyperparameters({ learningRate, weightDecay = 0, beta1 }: StepSettings): Float32Array {
    const { steps: step, maxNorm, averageDecay, options } = this;
    const { beta2 = 0.999, eps = 1e-8 } = options;
    return hyperparameters({
      ...{ step, learningRate, weightDecay, beta1: beta1 ?? options.beta1 ?? 0.9, beta2, eps },
      ...{ maxNorm, averageDecay },
    });
  }

  protected update(tensors: GroupTensors, [moment1, moment2, moment2Max]: readonly Tensor[]): void {
    adamw(this.device, { ...tensors, moment1, moment2, moment2Max });
  }
}
