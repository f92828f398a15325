import { cubic, filterLines, filterTaps, lanczos3 } from '../../src/data/resample.ts';

/** A picture that is read strip by strip, so that it need not be in memory as a whole. */
export interface Strips {
  readonly width: number;
  readonly height: number;
  /** Returns rows `from` to `to` of all columns as interleaved RGBA. */
  read(from: number, to: number): Uint8ClampedArray;
}

/** Strips hold about this number of pixels. */
const STRIP = 2 ** 20;

/**
 * Scales a picture as sharp does for Node: averages whole blocks of pixels, then filters (Lanczos where it scales down,
 * cubic where it scales up), and crops the longer side around the centre.
 * @returns planes [3, size, size]
 */
export function scale(picture: Strips, size: number): Uint8Array {
  const { width, height } = picture;
  const factor = Math.min(width, height) / size;
  const block = Math.max(1, Math.floor(factor / 2));
  const [columns, rows] = [Math.ceil(width / block), Math.ceil(height / block)];
  const blocks = averages(picture, block, columns, rows);
  const taps = (extent: number, count: number) => {
    const scaled = Math.round(extent / factor);
    const cropped = Math.floor((scaled - size + 1) / 2);
    // libvips centres what it scales down; what it scales up begins half a scaled pixel early.
    const margin = factor >= 1 ? (extent - scaled * factor) / 2 : -factor / 2;
    const start = cropped * factor + margin;
    return filterTaps(count, size, factor / block, start / block, factor > 1 ? lanczos3 : cubic);
  };
  const [rowTaps, columnTaps] = [taps(height, rows), taps(width, columns)];
  const plane = size * size;
  const planes = new Uint8Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const from = blocks.subarray(c * columns * rows, (c + 1) * columns * rows);
    // libvips clamps to bytes after each direction.
    const lines = new Uint8ClampedArray(size * columns);
    filterLines(rowTaps, columns, from, { step: columns, line: 1 }, lines, { step: columns, line: 1 });
    const to = new Uint8ClampedArray(plane);
    filterLines(columnTaps, size, lines, { step: 1, line: columns }, to, { step: 1, line: size });
    planes.set(to, c * plane);
  }
  return planes;
}

/** Averages blocks of `block`² pixels; those at the right and lower edge may be smaller. Returns planes [3, rows, columns]. */
function averages({ width, height, read }: Strips, block: number, columns: number, rows: number): Float32Array {
  const plane = rows * columns;
  const sums = new Float32Array(3 * plane);
  const step = Math.max(1, Math.floor(STRIP / width / block)) * block;
  for (let top = 0; top < height; top += step) {
    const bottom = Math.min(height, top + step);
    const pixels = read(top, bottom);
    for (let y = top, i = 0; y < bottom; y++) {
      const row = Math.floor(y / block) * columns;
      const rowsOfBlock = Math.min(block, height - (y - (y % block)));
      for (let column = 0, x = 0; column < columns; column++) {
        const end = Math.min(width, x + block);
        const weight = 1 / (rowsOfBlock * (end - x));
        for (; x < end; x++, i += 4)
          for (let c = 0; c < 3; c++) sums[c * plane + row + column] += pixels[i + c] * weight;
      }
    }
  }
  return sums;
}
