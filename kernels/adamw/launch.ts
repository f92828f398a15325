import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise } from '../common/launch.ts';
import updateKernel from './update.wgsl';

/** Settings of one step, in PyTorch's terms. */
export interface AdamWSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Counts from 1. */
  readonly step: number;
  /** Global norm that gradients are scaled down to. */
  readonly maxNorm: number;
  /** Decay of the weights' running average. */
  readonly averageDecay: number;
}

/** The settings as the kernel reads them: the fields of its struct, in order. */
export function hyperparameters(settings: AdamWSettings): Float32Array {
  const { learningRate, weightDecay, beta1, beta2, eps, step, maxNorm, averageDecay } = settings;
  return Float32Array.of(
    1 - learningRate * weightDecay,
    learningRate / (1 - beta1 ** step),
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    Math.sqrt(1 - beta2 ** step),
    eps,
    maxNorm,
    averageDecay,
    1 - averageDecay,
  );
}

/** Flat f32 tensors with one element for each parameter. */
interface AdamW {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly moment1: Tensor;
  readonly moment2: Tensor;
  /** The largest second moments so far, used in place of the current ones if given (amsgrad). */
  readonly moment2Max?: Tensor;
  /** The weights' running average, updated if given. */
  readonly average?: Tensor;
  /** [1]: the gradient's norm, to clip it; [2]: also the factor that undoes the scaling of the loss. */
  readonly norm?: Tensor;
  /** Returned by `hyperparameters`. */
  readonly hyper: Tensor;
}

/** One step of AdamW, PyTorch's. */
export function adamw(device: Device, launch: AdamW): void {
  const { parameter, gradient, moment1, moment2, moment2Max, average, norm, hyper } = launch;
  const { constants, workgroups } = elementwise(parameter);
  const state = [parameter, moment1, moment2, ...(moment2Max ? [moment2Max] : []), ...(average ? [average] : [])];
  device.dispatch({
    kernel: updateKernel,
    constants: {
      ...constants,
      ...{ AMSGRAD: !!moment2Max, CLIP: !!norm, SCALED: !!norm && size(norm) === 2, AVERAGE: !!average },
    },
    reads: { hyper, gradient, norm },
    writes: {
      parameter,
      moment1,
      moment2,
      ...(moment2Max && { moment2_max: moment2Max }),
      ...(average && { average }),
    },
    workgroups,
    flops: (14 + (moment2Max ? 1 : 0) + (norm ? 1 : 0) + (average ? 3 : 0)) * size(parameter),
    // All state is read and written; the gradient is read.
    bytes: 4 * size(parameter) * (1 + 2 * state.length),
  });
}
