import { hyperparameters, sgd } from '../../kernels/sgd/launch.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { type GroupTensors, Optimizer, type OptimizerOptions, type StepSettings } from './optimizer.ts';
import type { ParameterSet } from './parameters.ts';

/** Options of SGD. */
export interface SGDOptions extends OptimizerOptions {
  /** Decay of the velocity, where a step's settings have no beta1. Without it, or with 0, there is no velocity. */
  readonly momentum?: number;
}

/** PyTorch's SGD with dampening 0: weight decay is added to the gradient. */
export class SGD extends Optimizer {
  /** The velocity, if there is momentum. */
  protected readonly moments: readonly Tensor[];
  protected readonly hyper: readonly Tensor[];

  constructor(
    device: Device,
    parameters: ParameterSet,
    private readonly options: SGDOptions = {},
  ) {
    super(device, parameters, options);
    this.moments = options.momentum ? [parameters.zeros()] : [];
    this.hyper = this.createHyper();
  }

  protected hyperparameters({ learningRate, weightDecay = 0, beta1 }: StepSettings): Float32Array {
    const { maxNorm, averageDecay, options } = this;
    const momentum = beta1 ?? options.momentum ?? 0;
    return hyperparameters({ learningRate, weightDecay, momentum, maxNorm, averageDecay });
  }

  protected update(tensors: GroupTensors, [velocity]: readonly Tensor[]): void {
    sgd(this.device, { ...tensors, velocity });
  }
}
