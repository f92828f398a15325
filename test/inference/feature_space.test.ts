import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { fitFeatureSpace } from '../../src/inference/fit_feature_space.ts';
import type { FeatureSpace } from '../../src/nn/feature_space.ts';

/** Features [pictures, 4] of which the first two are nearly the same, the third is small, and the last has one value. */
function draw(pictures: number, seed: number): Float32Array {
  const random = new Random(seed);
  const rows = Array.from({ length: pictures }, () => {
    const shared = random.normal();
    return [5 + shared, 3 - shared + 0.3 * random.normal(), 1e-3 * random.normal(), 7];
  });
  return Float32Array.from(rows.flat());
}

function distanceOf({ weight, bias }: FeatureSpace, x: readonly number[]): number {
  const z = Array.from(bias.data, (shift, row) => x.reduce((sum, v, c) => sum + weight.data[4 * row + c] * v, shift));
  return z.reduce((sum, value) => sum + value * value, 0);
}

test('about 5 % of pictures of the same kind are beyond the threshold, and those are that break a correlation', () => {
  const space = fitFeatureSpace(draw(500, 1), draw(200, 2), 4)!;
  const others = draw(4000, 3);
  const rows = Array.from({ length: 4000 }, (_, i) => [...others.subarray(4 * i, 4 * i + 4)]);
  const share = rows.filter((row) => distanceOf(space, row) > space.threshold).length / rows.length;
  expect(share).toBeGreaterThan(0.02);
  expect(share).toBeLessThan(0.08);
  // Each of these values is usual; together they are not.
  expect(distanceOf(space, [6.5, 4.5, 0, 7])).toBeGreaterThan(space.threshold);
  expect(distanceOf(space, [6.5, 1.5, 0, 7])).toBeLessThan(space.threshold);
  expect(distanceOf(space, [5, 3, 0.01, 7])).toBeGreaterThan(space.threshold);
  expect(distanceOf(space, [5, 3, 0, 8])).toBeGreaterThan(space.threshold);
});

test('squared distances are those of the inverse covariance, but for the ridge', () => {
  const training = Float32Array.of(2, 0, -2, 0, 0, 1, 0, -1);
  const { weight, bias } = fitFeatureSpace(training, new Float32Array(18), 2)!;
  // Variances 2 and 1/2, no covariance.
  const z = [4, 3].map((_, row) => bias.data[row] + weight.data[2 * row] * 4 + weight.data[2 * row + 1] * 3);
  expect(z[0] ** 2 + z[1] ** 2).toBeCloseTo((16 / 2 + 9 / 0.5) / 1.01, 4);
});

test('few validation pictures: the farthest is the limit, and fewer than nine have none', () => {
  const validation = draw(9, 2);
  const space = fitFeatureSpace(draw(40, 1), validation, 4)!;
  const distances = Array.from({ length: 9 }, (_, i) => distanceOf(space, [...validation.subarray(4 * i, 4 * i + 4)]));
  expect(space.threshold).toBeCloseTo(Math.max(...distances), 3);
  expect(fitFeatureSpace(draw(40, 1), draw(8, 2), 4)).toBeUndefined();
});
