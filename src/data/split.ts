import type { Pictures } from './dataset.ts';
import { Random } from './random.ts';

/** The random stream that pictures are split by. */
const SPLIT = 3;

/** What the folder of the pictures to train on may be called, in any case; the first of these that is there is. */
export const TRAIN: readonly string[] = ['train', 'training'];
/** Likewise for those that validate. */
export const VALIDATION: readonly string[] = ['val', 'valid', 'validation', 'test', 'testing'];

export const isOneOf = (names: readonly string[], folder: string) => names.includes(folder.toLowerCase());

export const splitRandom = (seed: number) => new Random(seed, SPLIT);

/**
 * Shuffled indices of the pictures that train and of those that validate. Each class's share validates; at least one
 * picture of each is left to train on, and then one to validate.
 */
export function splitByClass(
  pictures: Pick<Pictures, 'classes' | 'labels'>,
  share: number,
  random: Random,
): { train: Uint32Array; validation: Uint32Array } {
  const { classes, labels } = pictures;
  const counts = classes.map(() => 0);
  for (const label of labels) counts[label]++;
  const wanted = counts.map((count) => Math.min(Math.max(1, Math.round(share * count)), count - 1));
  const train: number[] = [];
  const validation: number[] = [];
  for (const i of shuffledIndices(labels, random)) (wanted[labels[i]]-- > 0 ? validation : train).push(i);
  return { train: Uint32Array.from(train), validation: Uint32Array.from(validation) };
}

export function shuffledIndices({ length }: { readonly length: number }, random: Random): Uint32Array {
  const indices = Uint32Array.from({ length }, (_, i) => i);
  random.shuffle(indices);
  return indices;
}
