import { type Reference, zeros } from '../common/reference.ts';
import { type AvgPoolAttrs, windowsIn } from './launch.ts';

/** Average pooling in float64, as PyTorch's avg_pool2d: padding counts as zeros. */
export const reference: Reference<'x', AvgPoolAttrs> = ({ x }, attrs) => {
  const { kernel, stride, padding } = attrs;
  const [n, c, h, w] = x.shape;
  return zeros([n, c, windowsIn(h, attrs), windowsIn(w, attrs)]).each(([b, channel, i, j]) => {
    let sum = 0;
    for (let row = i * stride - padding; row < i * stride - padding + kernel; row++) {
      for (let column = j * stride - padding; column < j * stride - padding + kernel; column++) {
        if (row >= 0 && row < h && column >= 0 && column < w) sum += x.at(b, channel, row, column);
      }
    }
    return sum / kernel ** 2;
  });
};
