import type { Pictures } from './dataset.ts';

/** Number of pictures, evenly spaced, whose pixels are hashed. */
const SAMPLES = 64;

/**
 * Hashes a data set's classes, sizes, labels and the pixels of some pictures. The hash does not depend on where the data
 * are stored; a checkpoint holds it to detect that training is resumed with other data.
 * @returns 16 hexadecimal digits
 */
export async function fingerprint(pictures: Pictures): Promise<string> {
  const { classes, channels, height, width, labels, length } = pictures;
  const count = Math.min(SAMPLES, length);
  const pixels = new Uint8Array(count * channels * height * width);
  const samples = Uint32Array.from({ length: count }, (_, i) => Math.floor((i * length) / count));
  await pictures.read(samples, pixels);
  const header = new TextEncoder().encode(JSON.stringify({ classes, channels, height, width, length }));
  const parts = [header, new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength), pixels];
  const hash = await crypto.subtle.digest('SHA-256', await new Blob(parts as BlobPart[]).arrayBuffer());
  return Array.from(new Uint8Array(hash, 0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
