import type { Pictures } from './dataset.ts';

/** A border of at most this share of the new size is left black, which keeps every pixel as it is: 28 into 32. */
const BORDER = 1 / 8;

/** Red's, green's and blue's share of the brightness (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114];

/**
 * The same pictures as squares of `size` pixels, with 1 or 3 channels; they are made when they are read. Somewhat
 * smaller ones get a black border, all others are scaled to cover the square.
 */
export function asSquares(pictures: Pictures, { size, channels }: { size: number; channels: number }): Pictures {
  const { height, width } = pictures;
  if (height === size && width === size && channels === pictures.channels) return pictures;
  const larger = Math.max(height, width);
  const place = larger <= size && size - Math.min(height, width) <= BORDER * size ? centre : cover;
  const frame = place(height, width, size);
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
        frame(planes.subarray(i * plane, (i + 1) * plane), images.subarray(i * size * size, (i + 1) * size * size));
      }
    },
  };
}

/** Fills one plane [size, size] from another [height, width]. */
type Frame = (from: Uint8Array, to: Uint8Array) => void;

function centre(height: number, width: number, size: number): Frame {
  const top = (size - height) >> 1;
  const left = (size - width) >> 1;
  return (from, to) => {
    to.fill(0);
    for (let y = 0; y < height; y++) to.set(from.subarray(y * width, (y + 1) * width), (top + y) * size + left);
  };
}

/** Bilinear, over as many pixels as one new pixel covers; the longer side's ends are cut off. */
function cover(height: number, width: number, size: number): Frame {
  const scale = Math.min(height, width) / size;
  const rows = windows(height, size, scale);
  const columns = windows(width, size, scale);
  const wide = new Float32Array(height * size);
  return (from, to) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < size; x++) {
        const { first, weights } = columns[x];
        let sum = 0;
        for (let j = 0; j < weights.length; j++) sum += weights[j] * from[y * width + first + j];
        wide[y * size + x] = sum;
      }
    }
    for (let y = 0; y < size; y++) {
      const { first, weights } = rows[y];
      for (let x = 0; x < size; x++) {
        // Rounds, as the array cuts fractions off.
        let sum = 0.5;
        for (let j = 0; j < weights.length; j++) sum += weights[j] * wide[(first + j) * size + x];
        to[y * size + x] = sum;
      }
    }
  };
}

/** Which of `from` pixels make each of `to` pixels, and with which weights. */
function windows(from: number, to: number, scale: number): { first: number; weights: number[] }[] {
  const radius = Math.max(1, scale);
  const start = (from - to * scale) / 2;
  return Array.from({ length: to }, (_, i) => {
    const centre = start + (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - radius));
    const last = Math.min(from - 1, Math.floor(centre + radius));
    const raw = Array.from({ length: last - first + 1 }, (_, j) => 1 - Math.abs(first + j - centre) / radius);
    const sum = raw.reduce((a, b) => a + b);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

/** Turns the planes of whole pictures into grey ones, or grey ones into three equal channels. */
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
        target[p] = Math.round(LUMA.reduce((sum, share, c) => sum + share * source[c * plane + p], 0));
      }
    }
  }
  return to;
}
