import { random, unit } from '../common/random.ts';
import type { Augmentation } from './launch.ts';

/** Augmentation's own stream of random numbers; dropouts count theirs from 0. */
export const AUGMENT_STREAM = 0xffffffff;

/** What is done to one image: the crop's shift, whether it is mirrored, and its brightness. */
export interface Drawn {
  readonly dy: number;
  readonly dx: number;
  readonly flipped: boolean;
  readonly factor: number;
}

/** What the kernel draws for the image at `index` of a batch. */
export function draw(seed: number, step: number, index: number, { padding, brightness, flip }: Augmentation): Drawn {
  const [x, y, z, w] = random(seed, step, AUGMENT_STREAM, index);
  const shift = (word: number) => Math.floor(((word >>> 16) * (2 * padding + 1)) / 65536) - padding;
  return {
    dy: shift(x),
    dx: shift(y),
    flipped: flip && z >>> 31 === 1,
    factor: 1 + brightness * (2 * unit(w) - 1),
  };
}
