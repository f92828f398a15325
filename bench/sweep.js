// node bench/mbconv.js --sweep: the share of the roofline that an MBConv reaches, by the size of its pictures and its width.
import { combine, median, profileRows, rooflineOf } from '../dist/engine.js';
import { table } from './common.js';

export const SIZES = [15, 30, 32, 56, 60, 112];
export const CHANNELS = [16, 32, 64, 128, 256];

/** About the elements of each input; a batch has at least one picture. */
const ELEMENTS = 2 ** 20;

/** A shape stands out if its share is this part, or less, of its neighbours': those of the next sizes, or of the next widths. */
const STANDS_OUT = 0.7;

/**
 * Profiles a block of each shape, forward and backward.
 * @param profileBlock returns the recordings and the profile of a block, given the shape of its input
 */
export async function sweep(device, profileBlock) {
  const shapes = [];
  for (const channels of CHANNELS) {
    for (const size of SIZES) {
      const batch = Math.max(1, Math.round(ELEMENTS / (channels * size * size)));
      const { forward, both, profile } = await profileBlock([batch, channels, size, size]);
      shapes.push({ channels, size, batch, profile });
      for (const recording of [forward, both]) recording.dispose();
    }
  }
  const roofline = await rooflineOf(
    device,
    shapes.map(({ profile }) => profile),
  );
  const measured = shapes.map(({ profile, ...shape }) => {
    const { ms, idealMs } = combine('', profileRows(profile, roofline));
    return { ...shape, ms, share: idealMs / ms };
  });
  return { shapes: measured, text: shareTable(measured) };
}

/** Formats the shares of all shapes, with a mark at those that stand out. */
export function shareTable(shapes) {
  const at = (channels, size) => shapes.find((shape) => shape.channels === channels && shape.size === size);
  const rows = CHANNELS.map((channels, row) => {
    const cells = SIZES.map((size, column) => {
      const { share } = at(channels, size);
      const sides = [
        [at(channels, SIZES[column - 1]), at(channels, SIZES[column + 1])],
        [at(CHANNELS[row - 1], size), at(CHANNELS[row + 1], size)],
      ];
      const standsOut = sides.some((side) => share < STANDS_OUT * median(side.flatMap((shape) => shape?.share ?? [])));
      return [`${size}×${size}`, `${(100 * share).toFixed(1)} %${standsOut ? ' ↓' : ''}`];
    });
    return { channels: String(channels), ...Object.fromEntries(cells) };
  });
  return `Share of the roofline, forward and backward. ↓: 30 % or more below the next sizes, or the next widths. Rows and planes of
which four is no factor are read and written in shorter vectors: one number at a time at 15 × 15.

${table(rows)}`;
}
