import { type HostArray, zeros } from '../common/reference.ts';
import type { Drawn } from './draw.ts';

/** Augments and normalises images [N,C,H,W] of bytes in float64, image n by `drawn[n]`. */
export function reference(pixels: HostArray, drawn: readonly Drawn[], mean: number[], std: number[]): HostArray {
  const [, , h, w] = pixels.shape;
  const reflect = (i: number, extent: number) => (i < 0 ? -i : i >= extent ? 2 * (extent - 1) - i : i);
  return zeros(pixels.shape).each(([n, c, i, j]) => {
    const { dy, dx, flipped, factor } = drawn[n];
    const column = (flipped ? w - 1 - j : j) + dx;
    const value = pixels.at(n, c, reflect(i + dy, h), reflect(column, w)) * factor;
    return (Math.min(Math.max(value, 0), 255) / 255 - mean[c]) / std[c];
  });
}
