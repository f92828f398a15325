import type { Pictures } from './dataset.ts';
import { filterLines, filterTaps } from './resample.ts';

/** Pictures are padded instead of scaled if the padding is at most this fraction of the new size (28 → 32). */
const MAX_PADDING = 1 / 8;

/** Weights of red, green and blue in the luma (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114];

/**
 * Returns a view of pictures as [channels, size, size] with 1 or 3 channels, converted when they are read. Slightly
 * smaller pictures are padded with black, which keeps their pixels; all others are scaled and cropped.
 */
export function asSquares(pictures: Pictures, { size, channels }: { size: number; channels: number }): Pictures {
  const { height, width } = pictures;
  if (height === size && width === size && channels === pictures.channels) return pictures;
  const larger = Math.max(height, width);
  const resizer = larger <= size && size - Math.min(height, width) <= MAX_PADDING * size ? pad : scaleAndCrop;
  const resize = resizer(height, width, size);
  const plane = height * width;
  const { name, classes, labels, length } = pictures;
  return {
    ...{ name, classes, labels, length },
    ...{ channels, height: size, width: size },
    async read(indices, images) {
      const sources = new Uint8Array(indices.length * pictures.channels * plane);
      await pictures.read(indices, sources);
      const planes = recolour(sources, plane, pictures.channels, channels);
      for (let i = 0; i < indices.length * channels; i++) {
        resize(planes.subarray(i * plane, (i + 1) * plane), images.subarray(i * size * size, (i + 1) * size * size));
      }
    },
  };
}

/** Fills a plane [size, size] from a plane [height, width]. */
type Resize = (from: Uint8Array, to: Uint8Array) => void;

function pad(height: number, width: number, size: number): Resize {
  const top = (size - height) >> 1;
  const left = (size - width) >> 1;
  return (from, to) => {
    to.fill(0);
    for (let y = 0; y < height; y++) to.set(from.subarray(y * width, (y + 1) * width), (top + y) * size + left);
  };
}

/** Separable bilinear (triangle) filter; the longer side is cropped. */
function scaleAndCrop(height: number, width: number, size: number): Resize {
  const scale = Math.min(height, width) / size;
  const taps = (extent: number) => filterTaps(extent, size, scale, (extent - size * scale) / 2);
  const [rows, columns] = [taps(height), taps(width)];
  const scaledRows = new Float32Array(height * size);
  return (from, to) => {
    filterLines(columns, height, from, { step: 1, line: width }, scaledRows, { step: 1, line: size });
    // A Uint8Array truncates; adding 0.5 rounds.
    filterLines(rows, size, scaledRows, { step: size, line: 1 }, to, { step: size, line: 1 }, 0.5);
  };
}

/**
 * Converts RGB pictures to grey (luma), or grey pictures to three equal channels.
 * @param from pixels [N, channels, plane]
 * @param plane height · width
 * @param wanted number of output channels, 1 or 3
 * @returns pixels [N, wanted, plane]; `from` itself if the number of channels is the same
 */
export function recolour(from: Uint8Array, plane: number, channels: number, wanted: number): Uint8Array {
  if (channels === wanted) return from;
  const count = from.length / (channels * plane);
  const to = new Uint8Array(count * wanted * plane);
  for (let i = 0; i < count; i++) {
    const source = from.subarray(i * channels * plane, (i + 1) * channels * plane);
    const target = to.subarray(i * wanted * plane, (i + 1) * wanted * plane);
    if (channels === 1) {
      for (let c = 0; c < wanted; c++) target.set(source, c * plane);
    } else {
      for (let p = 0; p < plane; p++) {
        target[p] = Math.round(LUMA.reduce((sum, weight, c) => sum + weight * source[c * plane + p], 0));
      }
    }
  }
  return to;
}
