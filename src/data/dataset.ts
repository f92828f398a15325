import type { Random } from './random.ts';

/** Labelled images, all in memory. */
export interface Dataset {
  readonly name: string;
  /** The classes' names; a label is an index into them. */
  readonly classes: readonly string[];
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Pixels 0..255 as [length, channels, height, width]. */
  readonly images: Uint8Array;
  /** One class per image, [length]. */
  readonly labels: Int32Array;
  /** The number of images. */
  readonly length: number;
}

/** What to train on and what to validate on; they share no image. */
export interface Splits {
  readonly train: Dataset;
  readonly validation: Dataset;
}

/** The number of pixel values of one image: channels · height · width. */
export function imageSize({ channels, height, width }: Dataset): number {
  return channels * height * width;
}

/** The first `n` images, or all if there are no more than that. Shares the pixels' memory with `dataset`. */
export function take(dataset: Dataset, n: number): Dataset {
  const length = Math.min(n, dataset.length);
  return {
    ...dataset,
    length,
    images: dataset.images.subarray(0, length * imageSize(dataset)),
    labels: dataset.labels.subarray(0, length),
  };
}

/**
 * One epoch: every index from 0 to `length` - 1 once, in batches of `batchSize`; the last may be smaller.
 * The order is shuffled with `random`, or ascending without.
 */
export function* batches(length: number, batchSize: number, random?: Random): Generator<Uint32Array> {
  const order = Uint32Array.from({ length }, (_, i) => i);
  random?.shuffle(order);
  for (let i = 0; i < length; i += batchSize) yield order.subarray(i, i + batchSize);
}

/**
 * Copies the images and labels at `indices` to the start of `images` and `labels`, in that order.
 * @param images at least indices.length · {@link imageSize} long
 * @param labels at least indices.length long
 */
export function gather(dataset: Dataset, indices: Uint32Array, images: Uint8Array, labels: Int32Array): void {
  const size = imageSize(dataset);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    images.set(dataset.images.subarray(index * size, (index + 1) * size), i * size);
    labels[i] = dataset.labels[index];
  }
}
