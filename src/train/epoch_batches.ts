import { batches } from '../data/dataset.ts';
import type { Random } from '../data/random.ts';

/** Whether the last picture has no batch of its own: batch normalisation needs more than one value a channel. */
const joins = (length: number, batchSize: number) => batchSize > 1 && length > batchSize && length % batchSize === 1;

/** Steps in an epoch of `length` pictures. */
export const stepsPerEpoch = (length: number, batchSize: number) =>
  joins(length, batchSize) ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);

/** The sizes that batches of an epoch have, the usual one first. */
export function batchSizes(length: number, batchSize: number): number[] {
  const others = batchSize * (stepsPerEpoch(length, batchSize) - 1);
  return others > 0 ? [...new Set([batchSize, length - others])] : [length];
}

/** The batches of an epoch as indices, shuffled. A last one of a single picture joins the one before. */
export function shuffledBatches(length: number, batchSize: number, random: Random): Uint32Array[] {
  const all = [...batches(length, batchSize, random)];
  if (!joins(length, batchSize)) return all;
  return [...all.slice(0, -2), Uint32Array.from(all.slice(-2).flatMap((batch) => [...batch]))];
}
