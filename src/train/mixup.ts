import { random, unit } from '../../kernels/common/random.ts';

/** A stream of its own: augmentation has the last three, dropouts number theirs from 0. */
const MIXUP_STREAM = 0xfffffff0;

/**
 * The share of the first picture of a mixed pair in a step: drawn from Beta(alpha, alpha), and the larger one of it and
 * 1 − it, so that a pair's label is that of its first picture.
 */
export function mixupShare(seed: number, step: number, alpha: number): number {
  // Jöhnk: given x + y ≤ 1, x / (x + y) has that distribution. In logarithms, as x and y are tiny for a small alpha.
  for (let attempt = 0; ; attempt++) {
    const [u, v] = random(seed, step, MIXUP_STREAM, attempt);
    const [x, y] = [Math.log(unit(u) || Number.MIN_VALUE) / alpha, Math.log(unit(v) || Number.MIN_VALUE) / alpha];
    const largest = Math.max(x, y);
    const sum = largest + Math.log(Math.exp(x - largest) + Math.exp(y - largest));
    if (sum > 0) continue;
    const share = Math.exp(x - sum);
    return Math.max(share, 1 - share);
  }
}
