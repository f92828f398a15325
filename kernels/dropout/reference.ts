import { random } from '../common/random.ts';
import { type Reference, zeros } from '../common/reference.ts';
import { threshold } from './launch.ts';

/** Dropout in float64, with the masks that the kernel draws. */
export const reference: Reference<'x', { p: number; seed: readonly [number, number]; stream: number }> = (
  { x },
  { p, seed: [seed, step], stream },
) => {
  const y = zeros(x.shape);
  for (let i = 0; i < y.data.length; i++) {
    const word = random(seed, step, stream, Math.floor(i / 4))[i % 4];
    y.data[i] = word >= threshold(p) ? x.data[i] / (1 - p) : 0;
  }
  return y;
};
