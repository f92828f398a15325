/** Four random words: `random` of common/random.wgsl, bit for bit. */
export function random(seed: number, step: number, stream: number, index: number): [number, number, number, number] {
  const mix = (word: number) => (Math.imul(word, 1664525) + 1013904223) | 0;
  let [x, y, z, w] = [mix(seed), mix(step), mix(stream), mix(index)];
  for (let round = 0; round < 2; round++) {
    if (round === 1) [x, y, z, w] = [x, y, z, w].map((word) => word ^ (word >>> 16));
    x = (x + Math.imul(y, w)) | 0;
    y = (y + Math.imul(z, x)) | 0;
    z = (z + Math.imul(x, y)) | 0;
    w = (w + Math.imul(y, z)) | 0;
  }
  return [x >>> 0, y >>> 0, z >>> 0, w >>> 0];
}

/** A random word as a number in [0, 1). */
export const unit = (word: number) => (word >>> 8) / 2 ** 24;
