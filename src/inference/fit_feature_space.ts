import type { FeatureSpace } from '../nn/feature_space.ts';

/** Share of the validation pictures below the threshold. */
const SHARE = 0.95;

/** Of fewer pictures none is far enough out to be a limit. */
const LEAST_VALIDATION = 9;

/** Added to the variance of every direction, in units of a feature's own variance: few pictures tell little of the smallest. */
const RIDGE = 0.01;

/** A feature's deviation is at least this share of its mean: float32 has no more digits of it. */
const LEAST_DEVIATION = 1e-3;

/**
 * Fits a normal distribution to the features of the training pictures, and a threshold that a picture of their kind exceeds
 * with a chance of at most 5 % (with fewer than 19 validation pictures: of 1 in their number + 1).
 * Source: "A Simple Unified Framework for Detecting Out-of-Distribution Samples".
 * @param training features [pictures, count]
 * @param validation the same of pictures that the net was not trained on
 * @returns undefined if there are no features, or fewer than 9 of these pictures
 */
export function fitFeatureSpace(
  training: Float32Array,
  validation: Float32Array,
  count: number,
): FeatureSpace | undefined {
  if (count === 0 || validation.length < LEAST_VALIDATION * count) return undefined;
  const { mean, deviation } = moments(training, count);
  const whitening = inverse(cholesky(correlation(training, mean, deviation), count), count);
  const weight = Float32Array.from(whitening, (value, at) => value / deviation[at % count]);
  const bias = Float32Array.from(mean, (_, row) => -dot(weight, row * count, mean, 0, count));
  const distances = Array.from({ length: validation.length / count }, (_, i) => {
    const z = Array.from(bias, (shift, row) => shift + dot(weight, row * count, validation, i * count, count));
    return z.reduce((sum, value) => sum + value * value, 0);
  }).sort((a, b) => a - b);
  const rank = Math.min(Math.ceil(SHARE * (distances.length + 1)), distances.length);
  return {
    weight: { shape: [count, count], data: weight },
    bias: { shape: [count], data: bias },
    threshold: distances[rank - 1],
  };
}

function dot(a: ArrayLike<number>, aStart: number, b: ArrayLike<number>, bStart: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[aStart + i] * b[bStart + i];
  return sum;
}

/** Mean and standard deviation of each feature. */
function moments(features: Float32Array, count: number) {
  const pictures = features.length / count;
  const mean = new Float64Array(count);
  const variance = new Float64Array(count);
  features.forEach((value, at) => {
    mean[at % count] += value / pictures;
  });
  features.forEach((value, at) => {
    variance[at % count] += (value - mean[at % count]) ** 2 / pictures;
  });
  const least = (c: number) => LEAST_DEVIATION * Math.abs(mean[c]) + Number.EPSILON;
  return { mean, deviation: variance.map((value, c) => Math.max(Math.sqrt(value), least(c))) };
}

/** Correlations of the features [count, count], with the ridge on the diagonal. */
function correlation(features: Float32Array, mean: Float64Array, deviation: Float64Array): Float64Array {
  const count = mean.length;
  const pictures = features.length / count;
  const sums = new Float64Array(count * count);
  for (let i = 0; i < pictures; i++) {
    const z = mean.map((centre, c) => (features[i * count + c] - centre) / deviation[c]);
    for (let a = 0; a < count; a++) for (let b = 0; b <= a; b++) sums[a * count + b] += (z[a] * z[b]) / pictures;
  }
  for (let a = 0; a < count; a++) sums[a * count + a] += RIDGE;
  return sums;
}

/** The lower triangle L of a positive matrix = L · Lᵀ, of which the lower triangle is read. */
function cholesky(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const rest = matrix[i * n + j] - dot(lower, i * n, lower, j * n, j);
      lower[i * n + j] = i === j ? Math.sqrt(rest) : rest / lower[j * n + j];
    }
  }
  return lower;
}

/** The inverse of a lower triangle. */
function inverse(lower: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    for (let i = column; i < n; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++) sum -= lower[i * n + k] * result[k * n + column];
      result[i * n + column] = sum / lower[i * n + i];
    }
  }
  return result;
}
