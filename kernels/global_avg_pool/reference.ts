import { type Reference, zeros } from '../common/reference.ts';

/** The mean of each plane in float64: PyTorch's adaptive_avg_pool2d to 1×1. */
export const reference: Reference<'x', object> = ({ x }) => {
  const [n, c, h, w] = x.shape;
  return zeros([n, c]).each(([b, channel]) => {
    let sum = 0;
    for (let i = 0; i < h; i++) for (let j = 0; j < w; j++) sum += x.at(b, channel, i, j);
    return sum / (h * w);
  });
};
