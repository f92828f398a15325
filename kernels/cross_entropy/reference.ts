import { type Reference, zeros } from '../common/reference.ts';

/** The targets, and what they may have beside a class (see `TargetOptions`). */
interface HostTargets {
  readonly targets: ArrayLike<number>;
  readonly labelSmoothing: number;
  readonly mix?: number;
  readonly weights?: readonly number[];
}

/** Mean softmax cross-entropy in float64: PyTorch's cross_entropy. */
export const reference: Reference<'logits', HostTargets> = (
  { logits },
  { targets, labelSmoothing, mix = 1, weights },
) => {
  const [n, k] = logits.shape;
  return zeros([1]).each(() => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const row = logits.data.subarray(i * k, (i + 1) * k);
      const highest = row.reduce((a, b) => Math.max(a, b));
      const logSum = highest + Math.log(row.reduce((total, x) => total + Math.exp(x - highest), 0));
      for (let c = 0; c < k; c++) {
        const hard = (targets[i] === c ? mix : 0) + (targets[n - 1 - i] === c ? 1 - mix : 0);
        const target = (1 - labelSmoothing) * hard + labelSmoothing / k;
        sum += (weights?.[c] ?? 1) * target * (logSum - row[c]);
      }
    }
    return sum / n;
  });
};
