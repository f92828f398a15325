import { type Reference, zeros } from '../common/reference.ts';

/** Mean softmax cross-entropy in float64, as PyTorch's cross_entropy. */
export const reference: Reference<'logits', { targets: ArrayLike<number>; labelSmoothing: number }> = (
  { logits },
  { targets, labelSmoothing },
) => {
  const [n, k] = logits.shape;
  return zeros([1]).each(() => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const row = logits.data.subarray(i * k, (i + 1) * k);
      const highest = row.reduce((a, b) => Math.max(a, b));
      const logSum = highest + Math.log(row.reduce((total, x) => total + Math.exp(x - highest), 0));
      const mean = row.reduce((a, b) => a + b) / k;
      sum += logSum - (1 - labelSmoothing) * row[targets[i]] - labelSmoothing * mean;
    }
    return sum / n;
  });
};
