import { recolour } from '../../src/data/squares.ts';
import type { Picture } from '../messages.ts';

/** What pictures are made to be: squares of `size` pixels, grey (1 channel) or RGB (3). */
export interface Format {
  readonly size: number;
  readonly channels: number;
}

/**
 * Decodes a picture with the browser's own decoders: turned upright, cut to a square and scaled, on white where it is
 * transparent.
 * @throws Error where the browser cannot read it
 */
export async function decode(source: Blob | ImageBitmap, { size, channels }: Format): Promise<Picture> {
  const bitmap = source instanceof ImageBitmap ? source : await createImageBitmap(source);
  const { width, height } = bitmap;
  const side = Math.min(width, height);
  const context = new OffscreenCanvas(size, size).getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = 'white';
  context.fillRect(0, 0, size, size);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (width - side) / 2, (height - side) / 2, side, side, 0, 0, size, size);
  bitmap.close();
  const planes = planesOf(context.getImageData(0, 0, size, size).data);
  return { size, channels, pixels: recolour(planes, size * size, 3, channels) };
}

/** RGBA pixels, one after the other, as three planes. */
function planesOf(rgba: Uint8ClampedArray): Uint8Array {
  const plane = rgba.length / 4;
  return Uint8Array.from({ length: 3 * plane }, (_, i) => rgba[4 * (i % plane) + Math.floor(i / plane)]);
}
