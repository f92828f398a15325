import { type Reference, zeros } from '../common/reference.ts';

/** Softmax of each row in float64, as PyTorch's softmax(dim=1). */
export const reference: Reference<'x', unknown> = ({ x }) => {
  const [, k] = x.shape;
  return zeros(x.shape).each(([n, i]) => {
    const row = x.data.subarray(n * k, (n + 1) * k);
    const highest = row.reduce((a, b) => Math.max(a, b));
    return Math.exp(row[i] - highest) / row.reduce((sum, value) => sum + Math.exp(value - highest), 0);
  });
};
