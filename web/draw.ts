// Pictures, feature maps and filters on canvases.
import type { FeatureMap } from '../src/index.ts';
import type { Picture } from './messages.ts';

/** Colours, each a byte for red, green and blue. */
type Ramp = (value: number) => readonly [number, number, number];

/** From ink to paper, for what sees no colour. */
export const greyRamp: Ramp = (value) => [30 + 220 * value, 28 + 219 * value, 25 + 216 * value];

/** From ink over the accent to paper, for what sees colour. */
export const warmRamp: Ramp = (value) =>
  value < 0.5
    ? [30 + 2 * value * 175, 28 + 2 * value * 52, 25 + 2 * value * 20]
    : [205 + (2 * value - 1) * 45, 80 + (2 * value - 1) * 168, 45 + (2 * value - 1) * 198];

/** Space between maps, in their pixels. */
const GAP = 1;
/** A filter's weight is so many pixels wide, and so many are between filters. */
const ZOOM = 8;
const FILTER_GAP = 5;

export function drawPicture(canvas: HTMLCanvasElement, { channels, size, pixels }: Picture): void {
  const plane = size * size;
  paint(
    canvas,
    size,
    size,
    (i) => [0, 1, 2].map((c) => pixels[(c % channels) * plane + i]) as [number, number, number],
  );
}

/** The mean of the colours, or the first of them. */
export function greyOf({ channels, size, pixels }: Picture, mode: 'mean' | 'first'): Picture {
  const plane = size * size;
  const used = mode === 'mean' ? channels : 1;
  const grey = Uint8Array.from({ length: plane }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < used; c++) sum += pixels[c * plane + i];
    return sum / used;
  });
  return { channels: 1, size, pixels: grey };
}

/** All channels as tiles, each from its own least to its own largest value. */
export function drawMaps(canvas: HTMLCanvasElement, { shape, data }: FeatureMap, ramp: Ramp): void {
  const [channels, height, width] = shape;
  const plane = height * width;
  const scaled = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) scaled.set(stretch(data.subarray(c * plane, (c + 1) * plane)), c * plane);
  tile(canvas, { tiles: channels, height, width, gap: GAP }, (c, i) => ramp(scaled[c * plane + i]));
}

/** Filters [count, 1 or 3, 3, 3] as tiles, each from its own least to its own largest weight. */
export function drawFilters(canvas: HTMLCanvasElement, shape: readonly number[], data: Float32Array): void {
  const [count, channels, height, width] = shape;
  const plane = height * width;
  const filters = Array.from({ length: count }, (_, k) =>
    stretch(data.subarray(k * channels * plane, (k + 1) * channels * plane)),
  );
  tile(canvas, { tiles: count, height: ZOOM * height, width: ZOOM * width, gap: FILTER_GAP }, (k, i) => {
    const x = Math.floor((i % (ZOOM * width)) / ZOOM);
    const y = Math.floor(i / (ZOOM * width) / ZOOM);
    const at = (c: number) => 255 * filters[k][(c % channels) * plane + y * width + x];
    return [at(0), at(1), at(2)];
  });
}

function stretch(values: Float32Array): Float32Array {
  const least = values.reduce((a, b) => Math.min(a, b));
  const largest = values.reduce((a, b) => Math.max(a, b));
  return values.map((value) => (value - least) / (largest - least || 1));
}

/** A grid of full rows of tiles, at least twice as many columns as rows, with nothing between them. */
function tile(
  canvas: HTMLCanvasElement,
  { tiles, height, width, gap }: { tiles: number; height: number; width: number; gap: number },
  colour: (tile: number, i: number) => readonly [number, number, number],
): void {
  let columns = Math.min(tiles, Math.ceil(Math.sqrt(2 * tiles)));
  while (tiles % columns !== 0) columns++;
  const [w, h] = [width + gap, height + gap];
  paint(canvas, columns * w - gap, Math.ceil(tiles / columns) * h - gap, (_, x, y) => {
    const k = Math.floor(y / h) * columns + Math.floor(x / w);
    const inside = k < tiles && x % w < width && y % h < height;
    return inside ? colour(k, (y % h) * width + (x % w)) : undefined;
  });
}

function paint(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  colour: (i: number, x: number, y: number) => readonly [number, number, number] | undefined,
): void {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const rgb = colour(i, i % width, Math.floor(i / width));
    if (rgb) image.data.set([...rgb, 255], 4 * i);
  }
  canvas.getContext('2d')!.putImageData(image, 0, 0);
}
