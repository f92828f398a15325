import { type HostArray, zeros } from '../common/reference.ts';
import type { Drawn } from './draw.ts';

/** Luminance of R, G and B, as in torchvision's adjust_saturation. */
const LUMINANCE = [0.299, 0.587, 0.114];

/** Augments image n by `drawn[n]` and normalises it, in float64. Pixels are bytes [N,C,H,W]. */
export function reference(pixels: HostArray, drawn: readonly Drawn[], mean: number[], std: number[]): HostArray {
  const [, channels, h, w] = pixels.shape;
  const reflect = (i: number, extent: number) => {
    const last = extent - 1;
    return last && last - Math.abs(last - (Math.abs(i) % (2 * last)));
  };
  const clamp = (value: number) => Math.min(Math.max(value, 0), 255);
  /** Between the four pixels around row y and column x. */
  const sampled = (n: number, c: number, y: number, x: number) => {
    let sum = 0;
    for (const [i, weightY] of neighbours(y)) {
      for (const [j, weightX] of neighbours(x)) {
        if (weightY * weightX > 0) sum += weightY * weightX * pixels.at(n, c, reflect(i, h), reflect(j, w));
      }
    }
    return sum;
  };
  return zeros(pixels.shape).each(([n, c, i, j]) => {
    const { dy, dx, flipped, factor, angle, saturation, erased } = drawn[n];
    if (erased && inside(i, erased.top, erased.height) && inside(j, erased.left, erased.width)) return 0;
    const [fromY, fromX] = [i - (h - 1) / 2, (flipped ? w - 1 - j : j) - (w - 1) / 2];
    const y = Math.cos(angle) * fromY - Math.sin(angle) * fromX + (h - 1) / 2 + dy;
    const x = Math.sin(angle) * fromY + Math.cos(angle) * fromX + (w - 1) / 2 + dx;
    let value = sampled(n, c, y, x);
    if (channels === 3) {
      const grey = LUMINANCE.reduce((sum, weight, channel) => sum + weight * sampled(n, channel, y, x), 0);
      value = clamp(saturation * value + (1 - saturation) * grey);
    }
    return (clamp(value * factor) / 255 - mean[c]) / std[c];
  });
}

/** The two places around a coordinate, and their weights. */
function neighbours(x: number): [number, number][] {
  const low = Math.floor(x);
  return [
    [low, 1 - (x - low)],
    [low + 1, x - low],
  ];
}

const inside = (i: number, start: number, length: number) => i >= start && i < start + length;

/** images[n] = share · images[n] + (1 − share) · images[N − 1 − n], in float64. */
export function mixReference(images: HostArray, share: number): HostArray {
  const last = images.shape[0] - 1;
  return zeros(images.shape).each(
    ([n, ...rest]) => share * images.at(n, ...rest) + (1 - share) * images.at(last - n, ...rest),
  );
}
