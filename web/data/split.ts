import { splitByClass, splitRandom } from '../../src/data/split.ts';
import { type Dataset, imageSize, inMemory, type Splits } from '../../src/index.ts';

/** A share of each class validates, chosen as yy-train does with its default seed. */
export function split(all: Dataset, share: number): Splits {
  const { train, validation } = splitByClass(all, share, splitRandom(0));
  return { train: gather(all, train), validation: gather(all, validation) };
}

/** The pictures at `chosen`, in that order, in memory of their own. */
export function gather(all: Dataset, chosen: Uint32Array): Dataset {
  const images = new Uint8Array(chosen.length * imageSize(all));
  all.read(chosen, images);
  return inMemory({ ...all, images, labels: Int32Array.from(chosen, (i) => all.labels[i]) });
}
