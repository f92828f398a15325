import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise } from '../common/launch.ts';
import updateKernel from './update.wgsl';

/** Settings of one step, in PyTorch's terms. */
export interface SGDSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly momentum: number;
  /** Global norm that gradients are scaled down to. */
  readonly maxNorm: number;
  /** Decay of the weights' running average. */
  readonly averageDecay: number;
}

/** The settings as the kernel reads them, in its order. */
export function hyperparameters(settings: SGDSettings): Float32Array {
  const { learningRate, weightDecay, momentum, maxNorm, averageDecay } = settings;
  return Float32Array.of(learningRate, weightDecay, momentum, maxNorm, averageDecay, 1 - averageDecay);
}

/** Flat f32 tensors with an element for each parameter. */
interface SGD {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** Zeroed before the first step. Without it there is no momentum. */
  readonly velocity?: Tensor;
  /** The weights' running average, updated if given. */
  readonly average?: Tensor;
  /** The gradient's norm and the factor that undoes the scaling of the loss, [2]. */
  readonly norm: Tensor;
  /** Made by `hyperparameters`. */
  readonly hyper: Tensor;
}

/** One step of SGD, PyTorch's with dampening 0. */
export function sgd(device: Device, { parameter, gradient, velocity, average, norm, hyper }: SGD): void {
  const { constants, workgroups } = elementwise(parameter);
  const writes = { parameter, ...(velocity && { velocity }), ...(average && { average }) };
  device.dispatch({
    kernel: updateKernel,
    constants: { ...constants, MOMENTUM: !!velocity, AVERAGE: !!average },
    reads: { hyper, gradient, norm },
    writes,
    workgroups,
    flops: (5 + (velocity ? 2 : 0) + (average ? 3 : 0)) * size(parameter),
    // All state is read and written.
    bytes: 4 * size(parameter) * (1 + 2 * Object.keys(writes).length),
  });
}
