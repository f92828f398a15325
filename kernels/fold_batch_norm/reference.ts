import { type HostArray, zeros } from '../common/reference.ts';

/** Parameters and running statistics of a normalisation, each [C]. */
export interface HostNorm {
  readonly gamma: HostArray;
  readonly beta: HostArray;
  readonly mean: HostArray;
  readonly variance: HostArray;
}

const scaleOf = ({ gamma, variance }: HostNorm, eps: number, c: number) =>
  gamma.at(c) / Math.sqrt(variance.at(c) + eps);

/** Folds a normalisation into the convolution before it, in float64. */
export function foldedAfter(weight: HostArray, bias: HostArray | undefined, norm: HostNorm, eps: number) {
  return {
    weight: zeros(weight.shape).each((index) => scaleOf(norm, eps, index[0]) * weight.at(...index)),
    bias: zeros([weight.shape[0]]).each(
      ([o]) => scaleOf(norm, eps, o) * ((bias?.at(o) ?? 0) - norm.mean.at(o)) + norm.beta.at(o),
    ),
  };
}

/** Folds a normalisation into the 1×1 convolution after it, in float64. */
export function foldedBefore(norm: HostNorm, weight: HostArray, eps: number) {
  return {
    weight: zeros(weight.shape).each(([o, c]) => weight.at(o, c, 0, 0) * scaleOf(norm, eps, c)),
    bias: zeros([weight.shape[0]]).each(([o]) => {
      let sum = 0;
      for (let c = 0; c < weight.shape[1]; c++) {
        sum += weight.at(o, c, 0, 0) * (norm.beta.at(c) - norm.mean.at(c) * scaleOf(norm, eps, c));
      }
      return sum;
    }),
  };
}
