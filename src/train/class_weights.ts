import { countByClass, type Pictures } from '../data/dataset.ts';

/**
 * Returns the weight of each class by which all classes contribute equally to the loss: the mean number of pictures of a
 * class, divided by that of this one; 0 for a class without pictures. The mean weight over the pictures is 1.
 */
export function classWeights(pictures: Pick<Pictures, 'labels' | 'classes'>): Float32Array<ArrayBuffer> {
  const counts = countByClass(pictures);
  const present = counts.filter((count) => count > 0).length;
  return Float32Array.from(counts, (count) => (count > 0 ? pictures.labels.length / (present * count) : 0));
}
