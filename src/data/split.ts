import { countByClass, type Pictures } from './dataset.ts';
import { Random } from './random.ts';

/** Random stream of the train/validation split. */
const SPLIT_STREAM = 3;

export const splitRandom = (seed: number) => new Random(seed, SPLIT_STREAM);

/**
 * Splits pictures into training and validation, class by class.
 * @param share fraction of each class that validates. A class keeps at least one training picture; a class of two or
 *   more also gets at least one validation picture.
 * @returns shuffled indices of both
 */
export function splitByClass(
  pictures: Pick<Pictures, 'classes' | 'labels'>,
  share: number,
  random: Random,
): { train: Uint32Array; validation: Uint32Array } {
  const { labels } = pictures;
  const remaining = countByClass(pictures).map((count) => Math.min(Math.max(1, Math.round(share * count)), count - 1));
  const train: number[] = [];
  const validation: number[] = [];
  for (const i of shuffledIndices(labels, random)) (remaining[labels[i]]-- > 0 ? validation : train).push(i);
  return { train: Uint32Array.from(train), validation: Uint32Array.from(validation) };
}

/** Returns 0 to length - 1 in random order. */
export function shuffledIndices({ length }: { readonly length: number }, random: Random): Uint32Array {
  const indices = Uint32Array.from({ length }, (_, i) => i);
  random.shuffle(indices);
  return indices;
}
