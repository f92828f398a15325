/** A filter's weight at a distance from its centre, in pixels of the smaller grid; 0 beyond `radius`. */
export interface Kernel {
  readonly radius: number;
  weight(distance: number): number;
}

export const triangle: Kernel = { radius: 1, weight: (x) => 1 - Math.abs(x) };

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

export const lanczos3: Kernel = { radius: 3, weight: (x) => sinc(x) * sinc(x / 3) };

/** Catmull and Rom's cubic. */
export const cubic: Kernel = {
  radius: 2,
  weight: (distance) => {
    const x = Math.abs(distance);
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((2.5 - 0.5 * x) * x - 4) * x + 2;
  },
};

/** The first input pixel that an output pixel reads, and the weights (sum 1) of it and those after it. */
export interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * Taps of `to` output pixels on a line of `from` input pixels. A kernel is widened when it scales down (antialiasing).
 * @param scale input pixels per output pixel
 * @param start input coordinate of the first output pixel's left edge
 */
export function filterTaps(from: number, to: number, scale: number, start: number, kernel = triangle): Taps[] {
  const width = Math.max(1, scale);
  const radius = kernel.radius * width;
  return Array.from({ length: to }, (_, i) => {
    const centre = start + (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - radius));
    const last = Math.min(from - 1, Math.floor(centre + radius));
    const raw = Array.from({ length: last - first + 1 }, (_, j) => kernel.weight(Math.abs(first + j - centre) / width));
    const sum = raw.reduce((a, b) => a + b);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

/** Where a line's pixels lie in an array: the distance from one to the next, and from one line to the next. */
export interface Layout {
  readonly step: number;
  readonly line: number;
}

/**
 * Filters lines of pixels. An array of integers rounds as its type does, after `bias` is added.
 * @param taps one for each output pixel of a line
 */
export function filterLines(
  taps: readonly Taps[],
  lines: number,
  from: ArrayLike<number>,
  { step, line }: Layout,
  to: Float32Array | Uint8Array | Uint8ClampedArray,
  out: Layout,
  bias = 0,
): void {
  for (let y = 0; y < lines; y++) {
    for (let x = 0; x < taps.length; x++) {
      const { first, weights } = taps[x];
      const start = y * line + first * step;
      let sum = bias;
      for (let j = 0; j < weights.length; j++) sum += weights[j] * from[start + j * step];
      to[y * out.line + x * out.step] = sum;
    }
  }
}
