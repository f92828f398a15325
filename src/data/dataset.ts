import type { Random } from './random.ts';

/** Labelled pictures of one size, wherever their pixels lie. */
export interface Pictures {
  readonly name: string;
  /** The classes' names; a label is an index into them. */
  readonly classes: readonly string[];
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** One class per picture, [length]. */
  readonly labels: Int32Array;
  /** The number of pictures. */
  readonly length: number;
  /**
   * Copies the pixels of the pictures at `indices` to the start of `images`, in that order, as
   * [indices.length, channels, height, width] of 0..255. Calls may overlap.
   */
  read(indices: Uint32Array, images: Uint8Array): void | Promise<void>;
}

/** Pictures that are all in memory. */
export interface Dataset extends Pictures {
  /** Pixels 0..255 as [length, channels, height, width]. */
  readonly images: Uint8Array;
  read(indices: Uint32Array, images: Uint8Array): void;
}

/** What to train on and what to validate on; they share no image. */
export interface Splits<P extends Pictures = Dataset> {
  readonly train: P;
  readonly validation: P;
}

/** Some pictures on their way to the GPU. */
export interface PictureBatch {
  /** Pixels as [count, channels, height, width], then space up to the size of a full batch. */
  readonly images: Uint8Array;
  /** [count], then space likewise. */
  readonly labels: Int32Array;
  /** The number of pictures. */
  readonly count: number;
}

/** The number of pixel values of one image: channels · height · width. */
export function imageSize({ channels, height, width }: Pictures): number {
  return channels * height * width;
}

/** A data set of pixels that are in memory; `labels` tells how many pictures there are. */
export function inMemory(contents: Omit<Dataset, 'length' | 'read'>): Dataset {
  const { images, labels, channels, height, width } = contents;
  const size = channels * height * width;
  return {
    ...contents,
    length: labels.length,
    read: (indices, to) => {
      for (const [i, index] of indices.entries()) to.set(images.subarray(index * size, (index + 1) * size), i * size);
    },
  };
}

/** The pictures at `chosen`, in that order; their pixels stay where they are. */
export function subset(pictures: Pictures, chosen: Uint32Array): Pictures {
  const { name, classes, channels, height, width, labels } = pictures;
  return {
    ...{ name, classes, channels, height, width },
    length: chosen.length,
    labels: Int32Array.from(chosen, (index) => labels[index]),
    read: (indices, images) => {
      const places = indices.map((i) => chosen[i]);
      return pictures.read(places, images);
    },
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
 * Reads batches one ahead of who asks for them, whatever the storage takes. A batch's arrays are used again: what they
 * hold is valid until the next batch is asked for.
 * @param order each batch's indices, at most `batchSize` of them (see {@link batches})
 */
export async function* loadBatches(
  pictures: Pictures,
  batchSize: number,
  order: Iterable<Uint32Array>,
): AsyncGenerator<PictureBatch, void, undefined> {
  const buffers = [0, 1].map(() => ({
    images: new Uint8Array(batchSize * imageSize(pictures)),
    labels: new Int32Array(batchSize),
  }));
  const load = async (indices: Uint32Array): Promise<PictureBatch> => {
    buffers.reverse();
    const { images, labels } = buffers[0];
    for (const [i, index] of indices.entries()) labels[i] = pictures.labels[index];
    await pictures.read(indices, images);
    return { images, labels, count: indices.length };
  };
  let ahead: Promise<PictureBatch> | undefined;
  for (const indices of order) {
    const batch = ahead;
    ahead = load(indices);
    // An error is told to who asks for this batch, not to the process while nobody does.
    ahead.catch(() => {});
    if (batch) yield await batch;
  }
  if (ahead) yield await ahead;
}
