// Draws pictures, feature maps and filters on canvases.
import type { FeatureMap } from '../src/index.ts';
import type { Picture } from './messages.ts';

/** Maps a value in [0, 1] to red, green and blue in 0..255. */
type ColourMap = (value: number) => readonly [number, number, number];

/** Grey colour map, for the Yin branch: from the page's ink to its paper colour. */
export const greyMap: ColourMap = (value) => [30 + 220 * value, 28 + 219 * value, 25 + 216 * value];

/** Warm colour map, for the Yang branch: from ink over the accent colour to paper. */
export const warmMap: ColourMap = (value) =>
  value < 0.5
    ? [30 + 2 * value * 175, 28 + 2 * value * 52, 25 + 2 * value * 20]
    : [205 + (2 * value - 1) * 45, 80 + (2 * value - 1) * 168, 45 + (2 * value - 1) * 198];

/** Pixels between feature maps. */
const MAP_GAP = 1;
/** Pixels per weight of a filter. */
const ZOOM = 8;
/** Pixels between filters. */
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

/** Converts a picture to grey as the Yin branch does: the mean of its channels, or the first one. */
export function toGrey({ channels, size, pixels }: Picture, mode: 'mean' | 'first'): Picture {
  const plane = size * size;
  const used = mode === 'mean' ? channels : 1;
  const grey = Uint8Array.from({ length: plane }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < used; c++) sum += pixels[c * plane + i];
    return sum / used;
  });
  return { channels: 1, size, pixels: grey };
}

/** Draws feature maps [C, H, W] as C tiles, each scaled to its own range of values. */
export function drawMaps(canvas: HTMLCanvasElement, { shape, data }: FeatureMap, colourMap: ColourMap): void {
  const [channels, height, width] = shape;
  const plane = height * width;
  const scaled = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) scaled.set(normalise(data.subarray(c * plane, (c + 1) * plane)), c * plane);
  paintTiles(canvas, { tiles: channels, height, width, gap: MAP_GAP }, (c, i) => colourMap(scaled[c * plane + i]));
}

/** Draws filters [K, 1 or 3, 3, 3] as K tiles, each scaled to its own range of weights. */
export function drawFilters(canvas: HTMLCanvasElement, shape: readonly number[], data: Float32Array): void {
  const [count, channels, height, width] = shape;
  const plane = height * width;
  const filters = Array.from({ length: count }, (_, k) =>
    normalise(data.subarray(k * channels * plane, (k + 1) * channels * plane)),
  );
  paintTiles(canvas, { tiles: count, height: ZOOM * height, width: ZOOM * width, gap: FILTER_GAP }, (k, i) => {
    const x = Math.floor((i % (ZOOM * width)) / ZOOM);
    const y = Math.floor(i / (ZOOM * width) / ZOOM);
    const channel = (c: number) => 255 * filters[k][(c % channels) * plane + y * width + x];
    return [channel(0), channel(1), channel(2)];
  });
}

/** Scales values linearly to [0, 1]. */
function normalise(values: Float32Array): Float32Array {
  const min = values.reduce((a, b) => Math.min(a, b));
  const max = values.reduce((a, b) => Math.max(a, b));
  return values.map((value) => (value - min) / (max - min || 1));
}

/** Paints a grid of tiles. All rows are full, and there are at least twice as many columns as rows. */
function paintTiles(
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

/** Sets the canvas's size and pixels; undefined is transparent. */
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
