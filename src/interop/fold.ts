import { BatchNorm2d } from '../nn/layers.ts';
import type { StateDict } from '../nn/parameters.ts';
import type { Shape } from '../runtime/tensor.ts';

/** A convolution in float64: weights [O,I/groups,k,k] and O biases. */
export interface Convolution {
  readonly shape: Shape;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** What batch normalisation is in evaluation mode: scale·x + shift, one of each per channel. */
export interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** The convolution called `name`; its biases are 0 where it has none. */
export function convolution(state: StateDict, name: string): Convolution {
  const { shape, data } = state[`${name}.weight`];
  const bias = state[`${name}.bias`]?.data ?? new Float32Array(shape[0]);
  return { shape, weight: Float64Array.from(data), bias: Float64Array.from(bias) };
}

/** The batch normalisation called `name`, with its running statistics. */
export function batchNorm(state: StateDict, name: string): Affine {
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (key) => state[`${name}.${key}`].data,
  );
  const scale = Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c] + BatchNorm2d.RATES.eps));
  return { scale, shift: Float64Array.from(beta, (b, c) => b - mean[c] * scale[c]) };
}

/** One convolution that does what `convolution` and then `affine` do. */
export function foldAfter({ shape, weight, bias }: Convolution, { scale, shift }: Affine): Convolution {
  const perOutput = weight.length / shape[0];
  return {
    shape,
    weight: weight.map((w, at) => w * scale[Math.floor(at / perOutput)]),
    bias: bias.map((b, o) => b * scale[o] + shift[o]),
  };
}

/** One convolution that does what `affine` and then a 1×1 `convolution` do; a wider kernel's padding would forbid it. */
export function foldBefore({ scale, shift }: Affine, { shape, weight, bias }: Convolution): Convolution {
  const inputs = shape[1];
  return {
    shape,
    weight: weight.map((w, at) => w * scale[at % inputs]),
    bias: bias.map((b, o) => shift.reduce((sum, s, i) => sum + s * weight[o * inputs + i], b)),
  };
}
