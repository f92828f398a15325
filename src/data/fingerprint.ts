import type { Pictures } from './dataset.ts';

/** So many pictures, spread over the set, have their pixels looked at. */
const SAMPLES = 64;

/**
 * A short hash of what a data set is: classes, sizes, all labels in their order, and the pixels of some pictures. It is
 * the same wherever the data lie, so that a checkpoint can tell whether it goes on with the data it began with.
 * @returns 16 hexadecimal digits
 */
export async function fingerprint(pictures: Pictures): Promise<string> {
  const { classes, channels, height, width, labels, length } = pictures;
  const count = Math.min(SAMPLES, length);
  const pixels = new Uint8Array(count * channels * height * width);
  const samples = Uint32Array.from({ length: count }, (_, i) => Math.floor((i * length) / count));
  await pictures.read(samples, pixels);
  const about = new TextEncoder().encode(JSON.stringify({ classes, channels, height, width, length }));
  const parts = [about, new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength), pixels];
  const hash = await crypto.subtle.digest('SHA-256', await new Blob(parts as BlobPart[]).arrayBuffer());
  return Array.from(new Uint8Array(hash, 0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
