import { imageSize } from 'image-size';
import { hasEndMarker } from '../../src/data/jpeg.ts';
import { PictureError } from '../../src/data/left_out.ts';
import { HEAD_BYTES, isRead, kindOf } from '../../src/data/picture_kind.ts';
import { checkBytes, checkSize, MAX_PIXELS, PixelBudget } from '../../src/data/picture_limits.ts';
import { recolour } from '../../src/data/squares.ts';
import type { Picture } from '../messages.ts';
import { scale } from './scale.ts';
import { takeOrientation, transformOf } from './webp.ts';

/** Format of decoded pictures: size × size pixels, 1 channel (grey) or 3 (RGB). */
export interface Format {
  readonly size: number;
  readonly channels: number;
  /** Whether a picture whose shorter side is below `size` keeps that side. */
  readonly shrinkOnly?: boolean;
}

/** Number of first bytes that are read before a picture's turn comes. */
const START_BYTES = 2 ** 20;

/** Memory that a decoder needs for a pixel, at most. */
const BYTES_PER_PIXEL = 10;

/** Pixels of all pictures that the worker decodes. */
const budget = new PixelBudget();

/**
 * Decodes a picture with the browser into the pixels that Node decodes it to: applies its EXIF orientation but no colour
 * profile, crops the central square, scales it, and puts transparent pixels on white. Closes a source that is an
 * ImageBitmap.
 * @throws {PictureError} if it cannot be read as a picture
 */
export async function decode(source: Blob | ImageBitmap, format: Format): Promise<Picture> {
  if (source instanceof ImageBitmap) return pixelsOf(source, 1, format);
  checkBytes(source.size);
  const start = await bytesOf(source.slice(0, START_BYTES));
  const kind = kindOf(start.subarray(0, HEAD_BYTES));
  if (!isRead(kind)) throw new PictureError(kind);
  const { width, height } = await sizeOf(start, source);
  checkSize(width, height);
  // Large files are read only when their turn comes: many at once would fill the memory.
  return budget.run(weightOf(width * height, source.size), async () => {
    const { orientation, blob } = await prepared(kind, source, start);
    const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' }).catch(damaged);
    return pixelsOf(bitmap, orientation, format);
  });
}

/** A picture's weight in the budget: while it is decoded, its file is in memory, too. */
const weightOf = (pixels: number, bytes: number) => Math.min(MAX_PIXELS, pixels + Math.ceil(bytes / BYTES_PER_PIXEL));

/** The picture as the browser is to decode it, and the orientation that remains to be applied. */
async function prepared(kind: string, source: Blob, start: Uint8Array<ArrayBuffer>) {
  const all = () => (start.length === source.size ? start : bytesOf(source));
  if (kind === 'webp') {
    // Not all browsers apply the orientation of WebP files.
    const bytes = await all();
    return { orientation: takeOrientation(bytes), blob: new Blob([bytes]) };
  }
  if (kind === 'jpeg' && !hasEndMarker(await all())) throw new PictureError('damaged', 'it ends early');
  // Without a type, so that the browser goes by the content.
  return { orientation: 1, blob: source.slice() };
}

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer().catch(unreadable));

const unreadable = ({ message }: Error) => {
  throw new PictureError('denied', message);
};

const damaged = ({ message }: Error) => {
  throw new PictureError('damaged', message.replace(/\.$/, ''));
};

/** @param start the file's first bytes, which nearly always have its size */
async function sizeOf(start: Uint8Array, source: Blob): Promise<{ width: number; height: number }> {
  try {
    return imageSize(start);
  } catch (error) {
    return start.length < source.size ? sizeOf(await bytesOf(source), source) : damaged(error as Error);
  }
}

/** @param orientation EXIF's number, 1 to 8, which the bitmap does not have yet */
function pixelsOf(bitmap: ImageBitmap, orientation: number, { size: wanted, channels, shrinkOnly }: Format): Picture {
  const [width, height] = orientation < 5 ? [bitmap.width, bitmap.height] : [bitmap.height, bitmap.width];
  const size = shrinkOnly ? Math.min(wanted, width, height) : wanted;
  const read = (from: number, to: number) => {
    const context = new OffscreenCanvas(width, to - from).getContext('2d', { willReadFrequently: true })!;
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, to - from);
    const [a, b, c, d, e, f] = transformOf(orientation, width, height);
    context.setTransform(a, b, c, d, e, f - from);
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, width, to - from).data;
  };
  try {
    const planes = scale({ width, height, read }, size);
    return { size, channels, pixels: recolour(planes, size * size, 3, channels) };
  } finally {
    bitmap.close();
  }
}
