import { type Reference, zeros } from '../common/reference.ts';

/** Pointwise convolution in float64: PyTorch's conv2d with a 1×1 kernel. */
export const reference: Reference<'x' | 'weight' | 'bias', { stride: number }> = ({ x, weight, bias }, { stride }) => {
  const [n, cIn, h, w] = x.shape;
  const cOut = weight.shape[0];
  const y = zeros([n, cOut, Math.ceil(h / stride), Math.ceil(w / stride)]);
  y.each(([b, o, i, j]) => {
    let sum = bias ? bias.at(o) : 0;
    for (let c = 0; c < cIn; c++) sum += weight.at(o, c, 0, 0) * x.at(b, c, i * stride, j * stride);
    return sum;
  });
  return y;
};
