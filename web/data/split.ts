import { type Dataset, imageSize, inMemory, Random } from '../../src/index.ts';

// As yy-train splits a folder of pictures with its default seed.
const SEED = 0;
const STREAM = 3;

/** Each class's share validates; at least one picture of each is left to train on, and then one to validate. */
export function byClass(labels: ArrayLike<number>, classes: readonly string[], share: number) {
  const counts = classes.map(() => 0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  const wanted = counts.map((count) => Math.min(Math.max(1, Math.round(share * count)), count - 1));
  const order = Uint32Array.from({ length: labels.length }, (_, i) => i);
  new Random(SEED, STREAM).shuffle(order);
  const train: number[] = [];
  const validation: number[] = [];
  for (const i of order) (wanted[labels[i]]-- > 0 ? validation : train).push(i);
  return { train, validation };
}

/** The pictures at `chosen`, in that order, in memory of their own. */
export function gather(all: Dataset, chosen: readonly number[]): Dataset {
  const images = new Uint8Array(chosen.length * imageSize(all));
  all.read(Uint32Array.from(chosen), images);
  return inMemory({ ...all, images, labels: Int32Array.from(chosen, (i) => all.labels[i]) });
}
