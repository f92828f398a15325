import { PictureError } from './left_out.ts';

/** Pictures of more pixels are not read: while a decoder runs, a pixel may take ten bytes. */
export const MAX_PIXELS = 100_000_000;

/** Files of more bytes are not read as pictures. */
export const MAX_FILE_BYTES = 4 * MAX_PIXELS;

const MEGA = 1_000_000;

/**
 * Checks the size of a picture before it is decoded.
 * @throws {PictureError} naming its size and the limit
 */
export function checkSize(width: number, height: number): void {
  if (width * height <= MAX_PIXELS) return;
  const size = `${width}×${height} pixels, ${Math.ceil((width * height) / MEGA)} megapixels`;
  throw new PictureError('large', `${size}; at most ${MAX_PIXELS / MEGA} megapixels are read`);
}

/** @throws {PictureError} naming the size of a picture's file and the limit */
export function checkBytes(bytes: number): void {
  if (bytes <= MAX_FILE_BYTES) return;
  throw new PictureError('large', `${Math.ceil(bytes / MEGA)} MB; at most ${MAX_FILE_BYTES / MEGA} MB are read`);
}

/** Bounds the number of pixels that are decoded at the same time. Jobs start in the order of their calls. */
export class PixelBudget {
  private free = MAX_PIXELS;
  private readonly waiting: { readonly pixels: number; start(): void }[] = [];

  /**
   * Runs a job as soon as its pixels fit.
   * @param pixels at most {@link MAX_PIXELS}
   */
  async run<T>(pixels: number, job: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      this.waiting.push({ pixels, start });
      this.startNext();
    });
    try {
      return await job();
    } finally {
      this.free += pixels;
      this.startNext();
    }
  }

  private startNext(): void {
    while (this.waiting.length > 0 && this.waiting[0].pixels <= this.free) {
      const { pixels, start } = this.waiting.shift()!;
      this.free -= pixels;
      start();
    }
  }
}
