import { activationOf } from '../activation/table.ts';
import { type HostArray, type Reference, zeros } from '../common/reference.ts';
import type { NormActivation } from './launch.ts';

/** Mean and biased variance of each channel. */
export function statistics(x: HostArray): { mean: HostArray; variance: HostArray } {
  const [n, c, h, w] = x.shape;
  const average = (f: (channel: number, value: number) => number) =>
    zeros([c]).each(([channel]) => {
      let sum = 0;
      for (let b = 0; b < n; b++) {
        for (let i = 0; i < h; i++) for (let j = 0; j < w; j++) sum += f(channel, x.at(b, channel, i, j));
      }
      return sum / (n * h * w);
    });
  const mean = average((_, value) => value);
  return { mean, variance: average((channel, value) => (value - mean.at(channel)) ** 2) };
}

/** act(bn(x)) in float64, with the batch's own statistics or with given ones, as PyTorch's batch_norm. */
export const referenceWith =
  (given?: {
    mean: HostArray;
    variance: HostArray;
  }): Reference<'x' | 'gamma' | 'beta', { eps: number; activation: NormActivation }> =>
  ({ x, gamma, beta }, { eps, activation }) => {
    const { mean, variance } = given ?? statistics(x);
    return zeros(x.shape).each(([n, c, i, j]) => {
      const normal = (x.at(n, c, i, j) - mean.at(c)) / Math.sqrt(variance.at(c) + eps);
      return activationOf(activation).reference(gamma.at(c) * normal + beta.at(c));
    });
  };
