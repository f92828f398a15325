import type { Picture } from '../messages.ts';

/** What pictures are made to be: squares of `size` pixels, grey (1 channel) or RGB (3). */
export interface Format {
  readonly size: number;
  readonly channels: number;
}

/** Red's, green's and blue's share of the brightness (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114];

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
  return { size, channels, pixels: planes(context.getImageData(0, 0, size, size).data, channels) };
}

/** RGBA pixels, one after the other, as planes of `channels` channels. */
function planes(rgba: Uint8ClampedArray, channels: number): Uint8Array {
  const plane = rgba.length / 4;
  const result = new Uint8Array(channels * plane);
  for (let p = 0; p < plane; p++) {
    if (channels === 1) result[p] = Math.round(LUMA.reduce((sum, share, c) => sum + share * rgba[4 * p + c], 0));
    else for (let c = 0; c < channels; c++) result[c * plane + p] = rgba[4 * p + c];
  }
  return result;
}
