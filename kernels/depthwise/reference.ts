import { type Reference, zeros } from '../common/reference.ts';

/** Depthwise 3×3 convolution in float64, as PyTorch's conv2d with padding 1 and as many groups as channels. */
export const reference: Reference<'x' | 'weight', { stride: number }> = ({ x, weight }, { stride }) => {
  const [n, channels, h, w] = x.shape;
  const y = zeros([n, channels, Math.ceil(h / stride), Math.ceil(w / stride)]);
  return y.each(([b, c, i, j]) => {
    let sum = 0;
    for (let ki = 0; ki < 3; ki++) {
      for (let kj = 0; kj < 3; kj++) {
        const row = i * stride + ki - 1;
        const column = j * stride + kj - 1;
        if (row >= 0 && row < h && column >= 0 && column < w) sum += weight.at(c, 0, ki, kj) * x.at(b, c, row, column);
      }
    }
    return sum;
  });
};
