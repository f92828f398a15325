import { type Reference, zeros } from '../common/reference.ts';

/** A linear layer in float64: PyTorch's linear. */
export const reference: Reference<'x' | 'weight' | 'bias', unknown> = ({ x, weight, bias }) =>
  zeros([x.shape[0], weight.shape[0]]).each(([n, o]) => {
    let sum = bias ? bias.at(o) : 0;
    for (let i = 0; i < x.shape[1]; i++) sum += x.at(n, i) * weight.at(o, i);
    return sum;
  });
