import type { Random } from './random.ts';

/** Labelled pictures of one size; the pixels may be in memory or on disk. */
export interface Pictures {
  readonly name: string;
  /** Class names, indexed by label. */
  readonly classes: readonly string[];
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [length], each from 0 to classes.length - 1. */
  readonly labels: Int32Array;
  /** The number of pictures. */
  readonly length: number;
  /**
   * Copies the pictures at `indices` to the start of `images`, as [indices.length, channels, height, width] of 0..255.
   * Calls may overlap in time.
   */
  read(indices: Uint32Array, images: Uint8Array): void | Promise<void>;
}

/** Pictures in memory. */
export interface Dataset extends Pictures {
  /** Pixels 0..255 as [length, channels, height, width]. */
  readonly images: Uint8Array;
  read(indices: Uint32Array, images: Uint8Array): void;
}

/** Disjoint pictures for training and validation. */
export interface Splits<P extends Pictures = Dataset> {
  readonly train: P;
  readonly validation: P;
}

/** A batch of pictures, ready for upload to the GPU. */
export interface PictureBatch {
  /** Pixels as [count, channels, height, width], followed by padding to the size of a full batch. */
  readonly images: Uint8Array;
  /** [count], followed by padding to the size of a full batch. */
  readonly labels: Int32Array;
  /** The number of pictures. */
  readonly count: number;
}

/** Number of pixel values of one picture: channels · height · width. */
export function imageSize({ channels, height, width }: Pictures): number {
  return channels * height * width;
}

/** Counts the pictures of each class. */
export function countByClass({ labels, classes }: Pick<Pictures, 'labels' | 'classes'>): number[] {
  const counts = classes.map(() => 0);
  for (const label of labels) counts[label]++;
  return counts;
}

/** Makes a data set of arrays in memory; its length is that of `labels`. */
export function inMemory(contents: Omit<Dataset, 'length' | 'read'>): Dataset {
  const { images, labels, channels, height, width } = contents;
  const size = channels * height * width;
  return {
    ...contents,
    length: labels.length,
    read: (indices, target) => {
      for (const [i, index] of indices.entries())
        target.set(images.subarray(index * size, (index + 1) * size), i * size);
    },
  };
}

/** Returns a view of the pictures at `selected`, in that order, without copying pixels. */
export function subset(pictures: Pictures, selected: Uint32Array): Pictures {
  const { name, classes, channels, height, width, labels } = pictures;
  return {
    ...{ name, classes, channels, height, width },
    length: selected.length,
    labels: Int32Array.from(selected, (index) => labels[index]),
    read: (indices, images) =>
      pictures.read(
        indices.map((i) => selected[i]),
        images,
      ),
  };
}

/**
 * Yields the batches of one epoch: every index from 0 to `length` - 1 once, `batchSize` at a time; the last batch may
 * be smaller. The order is shuffled with `random`, or ascending without it.
 */
export function* batches(length: number, batchSize: number, random?: Random): Generator<Uint32Array> {
  const order = Uint32Array.from({ length }, (_, i) => i);
  random?.shuffle(order);
  for (let i = 0; i < length; i += batchSize) yield order.subarray(i, i + batchSize);
}

/**
 * Reads batches, prefetching one: a batch is read while the caller processes the one before it. The two buffers
 * alternate, so a batch is valid only until the next one is requested.
 * @param order the indices of each batch, at most `batchSize` (see {@link batches})
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
  let next: Promise<PictureBatch> | undefined;
  for (const indices of order) {
    const batch = next;
    next = load(indices);
    // Errors surface where the batch is awaited; without this they would be unhandled rejections until then.
    next.catch(() => {});
    if (batch) yield await batch;
  }
  if (next) yield await next;
}
