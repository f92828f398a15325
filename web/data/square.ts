import { leftOutBy } from '../../src/data/left_out.ts';
import type { FileEntry, Picture, Square } from '../messages.ts';
import { decode } from './decode.ts';
import { chosenFile } from './source.ts';

/** Longest side of a card's pictures, in pixels: larger than the inputs of nets, small enough to keep hundreds. */
const SIDE = 256;

/** Makes a picture for a card, decoded as for training: its central square, a PNG file. Closes an ImageBitmap. */
export async function squareOf(source: FileEntry | ImageBitmap): Promise<Square> {
  const format = { size: SIDE, channels: 3, shrinkOnly: true };
  if (source instanceof ImageBitmap) return { picture: await toPng(await decode(source, format)) };
  try {
    return { picture: await toPng(await decode(await chosenFile(source).blob(), format)) };
  } catch (error) {
    return { leftOut: leftOutBy(source.path, error as Error) };
  }
}

function toPng({ size, pixels }: Picture): Promise<Blob> {
  const plane = size * size;
  const image = new ImageData(size, size);
  for (let i = 0; i < plane; i++) {
    image.data.set([pixels[i], pixels[plane + i], pixels[2 * plane + i], 255], 4 * i);
  }
  const canvas = new OffscreenCanvas(size, size);
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  return canvas.convertToBlob();
}
