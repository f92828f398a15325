import { type Reference, zeros } from '../common/reference.ts';

/** Max pooling 3×3, stride 2, padding 1 (with −∞) in float64: PyTorch's max_pool2d. */
export const reference: Reference<'x', object> = ({ x }) => {
  const [n, c, h, w] = x.shape;
  return zeros([n, c, Math.ceil(h / 2), Math.ceil(w / 2)]).each(([b, channel, i, j]) => {
    let largest = Number.NEGATIVE_INFINITY;
    for (let row = Math.max(2 * i - 1, 0); row <= Math.min(2 * i + 1, h - 1); row++) {
      for (let column = Math.max(2 * j - 1, 0); column <= Math.min(2 * j + 1, w - 1); column++) {
        largest = Math.max(largest, x.at(b, channel, row, column));
      }
    }
    return largest;
  });
};
