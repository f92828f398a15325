import { readFile, stat } from 'node:fs/promises';
import { doesNotLoad } from '../runtime/errors.ts';
import { hasEndMarker } from './jpeg.ts';
import { PictureError } from './left_out.ts';
import { isRead, kindOf } from './picture_kind.ts';
import { checkBytes, checkSize, PixelBudget } from './picture_limits.ts';
import { readHead } from './picture-file.ts';
import { recolour } from './squares.ts';

/** Format of decoded pictures: size × size pixels, 1 channel (grey) or 3 (RGB). */
export interface PictureFormat {
  readonly size: number;
  readonly channels: number;
}

/** Changes whenever {@link decodePicture} returns other pixels for the same file and the same version of sharp. */
const VERSION = 2;

/** Pixels of all decoders of this process, on whatever thread. */
const budget = new PixelBudget();

/**
 * Imports sharp, an optional native dependency.
 * @throws {UserError} if it cannot be loaded
 */
export async function loadSharp() {
  const { default: sharp } = await import('sharp').catch((error: Error) => {
    throw doesNotLoad('sharp, which reads and writes pictures,', 'sharp', error);
  });
  // Its cache of files would keep what their decoders hold, several hundred megabytes for one progressive JPEG.
  sharp.cache(false);
  return sharp;
}

/**
 * Names all that decides the pixels of a file, besides the file and the format.
 * @throws {UserError} if sharp cannot be loaded
 */
export async function decoderVersion(): Promise<string> {
  const { versions } = await loadSharp();
  return JSON.stringify({ decoder: VERSION, ...versions });
}

/**
 * Decodes a picture: applies its EXIF orientation, crops the centre to a square, scales it, and puts transparent
 * pixels on white. Colour profiles and gamma are not applied: the numbers in the file count, as in PyTorch's loaders.
 * sharp runs in libuv's thread pool, so it does not block this thread, and worker threads would not make it faster. The
 * environment variable UV_THREADPOOL_SIZE sets the pool's size (default 4).
 * @returns pixels 0..255 as [channels, size, size]
 * @throws {PictureError} if the file cannot be read as a picture
 */
export async function decodePicture(file: string, { size, channels }: PictureFormat): Promise<Uint8Array> {
  const sharp = await loadSharp();
  // sharp also has loaders of formats that are programs of a kind, such as SVG: they never see a file.
  const kind = kindOf(await readHead(file));
  if (!isRead(kind)) throw new PictureError(kind);
  checkBytes((await stat(file)).size);
  // Read without decoding; the limit is told by checkSize.
  const { width, height, space } = await sharp(file, { limitInputPixels: false }).metadata().catch(damaged);
  checkSize(width, height);
  return budget.run(width * height, async () => {
    if (kind === 'jpeg' && !hasEndMarker(await readFile(file))) throw new PictureError('damaged', 'it ends early');
    const image = sharp(file, { failOn: 'error', ignoreIcc: true });
    const inks = space === 'cmyk';
    // Otherwise sharp applies a profile of its own to inks.
    if (inks) image.pipelineColourspace('cmyk');
    // Keeps a JPEG decoder from scaling to a half, which is far from an average of the pixels.
    else if (kind === 'jpeg' && Math.min(width, height) < 8 * size) image.pipelineColourspace('srgb');
    const pixels = await image
      .autoOrient()
      // A JPEG decoder that scales by more sharpens.
      .resize(size, size, { fit: 'cover', fastShrinkOnLoad: false })
      .flatten({ background: 'white' })
      .toColourspace(inks ? 'cmyk' : 'srgb')
      .raw()
      .toBuffer()
      .catch(damaged);
    return recolour(inks ? inkPlanes(pixels) : planes(pixels), size * size, 3, channels);
  });
}

const damaged = ({ message }: Error) => {
  // Decoder messages may have several lines.
  throw new PictureError('damaged', message.split('\n')[0]);
};

/** Converts interleaved RGB to planes. */
function planes(pixels: Uint8Array): Uint8Array {
  const plane = pixels.length / 3;
  const planes = new Uint8Array(pixels.length);
  for (let i = 0, p = 0; p < plane; p++) for (let c = 0; c < 3; c++, i++) planes[c * plane + p] = pixels[i];
  return planes;
}

/** Converts interleaved CMYK to RGB planes, as browsers and Pillow do: (1 − ink) · (1 − black). */
function inkPlanes(pixels: Uint8Array): Uint8Array {
  const plane = pixels.length / 4;
  const planes = new Uint8Array(3 * plane);
  for (let p = 0; p < plane; p++) {
    const black = 255 - pixels[4 * p + 3];
    for (let c = 0; c < 3; c++) planes[c * plane + p] = Math.round(((255 - pixels[4 * p + c]) * black) / 255);
  }
  return planes;
}

/**
 * Returns why a file cannot be decoded, by decoding it again. Call it for one file at a time: libvips shares its error
 * buffer among concurrent decoders, so the message of the first attempt may belong to another file.
 * @param first the error of the first attempt, returned if the file can be decoded this time
 */
export const decodeFailure = (file: string, format: PictureFormat, first: Error): Promise<Error> =>
  decodePicture(file, format).then(
    () => first,
    (error: Error) => error,
  );
