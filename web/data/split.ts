import { splitByClass, splitRandom } from '../../src/data/split.ts';
import { type Dataset, imageSize, inMemory, type Pictures, type Splits, subset } from '../../src/index.ts';

/** Splits a data set: `share` of each class validates, the same pictures as in yy-train with its default seed. */
export function split(all: Dataset, share: number): Splits {
  const { train, validation } = splitByClass(all, share, splitRandom(0));
  return { train: copy(subset(all, train)), validation: copy(subset(all, validation)) };
}

/** Copies pictures in memory to a new data set. */
export function copy(pictures: Pictures): Dataset {
  const { name, classes, channels, height, width, labels, length } = pictures;
  const images = new Uint8Array(length * imageSize(pictures));
  pictures.read(
    Uint32Array.from({ length }, (_, i) => i),
    images,
  );
  return inMemory({ name, classes, channels, height, width, images, labels });
}
