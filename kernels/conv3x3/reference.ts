import { type Reference, zeros } from '../common/reference.ts';

/** Dense 3×3 convolution in float64: PyTorch's conv2d with padding 1. */
export const reference: Reference<'x' | 'weight' | 'bias', { stride: number }> = ({ x, weight, bias }, { stride }) => {
  const [n, cIn, h, w] = x.shape;
  const y = zeros([n, weight.shape[0], Math.ceil(h / stride), Math.ceil(w / stride)]);
  return y.each(([b, o, i, j]) => {
    let sum = bias ? bias.at(o) : 0;
    for (let ki = 0; ki < 3; ki++) {
      for (let kj = 0; kj < 3; kj++) {
        const row = i * stride + ki - 1;
        const column = j * stride + kj - 1;
        if (row < 0 || row >= h || column < 0 || column >= w) continue;
        for (let c = 0; c < cIn; c++) sum += weight.at(o, c, ki, kj) * x.at(b, c, row, column);
      }
    }
    return sum;
  });
};
