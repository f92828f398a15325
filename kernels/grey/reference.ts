import { type Reference, zeros } from '../common/reference.ts';
import type { GreyMode } from './launch.ts';

/** The mean of the channels, or the first channel, in float64. */
export const reference: Reference<'x', { mode: GreyMode }> = ({ x }, { mode }) => {
  const [n, c, h, w] = x.shape;
  return zeros([n, 1, h, w]).each(([b, _, i, j]) => {
    if (mode === 'first') return x.at(b, 0, i, j);
    let sum = 0;
    for (let channel = 0; channel < c; channel++) sum += x.at(b, channel, i, j);
    return sum / c;
  });
};
