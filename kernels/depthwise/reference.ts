import { type Reference, zeros } from '../common/reference.ts';

/**
 * Depthwise convolution in float64 with kernels of any odd side K: PyTorch's conv2d with padding ⌊K/2⌋ and as many groups
 * as channels.
 */
export const reference: Reference<'x' | 'weight', { stride: number }> = ({ x, weight }, { stride }) => {
  const [n, channels, h, w] = x.shape;
  const side = weight.shape[3];
  const padding = (side - 1) / 2;
  const y = zeros([n, channels, Math.ceil(h / stride), Math.ceil(w / stride)]);
  return y.each(([b, c, i, j]) => {
    let sum = 0;
    for (let ki = 0; ki < side; ki++) {
      for (let kj = 0; kj < side; kj++) {
        const row = i * stride + ki - padding;
        const column = j * stride + kj - padding;
        if (row >= 0 && row < h && column >= 0 && column < w) sum += weight.at(c, 0, ki, kj) * x.at(b, c, row, column);
      }
    }
    return sum;
  });
};
