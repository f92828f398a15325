import { type Reference, zeros } from '../common/reference.ts';

/** a · b in float64, as PyTorch's matmul of two matrices. */
export const reference: Reference<'a' | 'b', unknown> = ({ a, b }) =>
  zeros([a.shape[0], b.shape[1]]).each(([m, n]) => {
    let sum = 0;
    for (let k = 0; k < a.shape[1]; k++) sum += a.at(m, k) * b.at(k, n);
    return sum;
  });
