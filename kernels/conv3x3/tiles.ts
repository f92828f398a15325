import type { Capabilities } from '../../src/runtime/capabilities.ts';
import { distinct } from '../../src/runtime/tuning.ts';
import { evenTile } from '../common/tiles.ts';

/**
 * Output channels and vectors that a thread of multiply.wgsl keeps in registers. A second vector halves the loads of the
 * weight, but also the number of threads; on a GPU it would leave too few registers for moments.
 */
export function multiplyTiles(
  { threads: enough, largeTiles }: Capabilities,
  channels: number,
  positions: number,
  withMoments = false,
) {
  const tile = evenTile(channels, largeTiles && channels >= 32 ? 16 : 8);
  const threads = positions * Math.ceil(channels / tile);
  const VECTORS = threads >= enough && (largeTiles || !withMoments) ? 2 : 1;
  const candidates = [
    [4, 1],
    [4, 2],
    [8, 1],
    [8, 2],
    [2, 4],
  ];
  return distinct([
    { TILE_O: tile, VECTORS },
    ...candidates.map(([most, vectors]) => ({ TILE_O: evenTile(channels, most), VECTORS: vectors })),
  ]);
}

/** Input channels that a thread of backward_input_strided.wgsl keeps in registers, four vectors each. */
export function backwardInputTiles({ rolled }: Capabilities, channels: number) {
  const tiles = [rolled ? 2 : 4, 1, 2, 4];
  return distinct(tiles.map((most) => ({ TILE_C: evenTile(channels, most) })));
}

/** Output channels that a workgroup of backward_weight.wgsl sums, nine sums each, and rows of a band. */
export function backwardWeightTiles(channels: number, height: number) {
  const tiles = [
    [4, 8],
    [2, 8],
    [6, 8],
    [4, 4],
    [4, 16],
  ];
  return distinct(tiles.map(([most, rows]) => ({ TILE_O: evenTile(channels, most), ROWS: evenTile(height, rows) })));
}

/**
 * Whether backward_weight_wide.wgsl computes the weight's gradient. On a GPU its large tile leaves few workgroups, so that a
 * narrow net would need many chunks of partial sums.
 */
export const isWide = ({ largeTiles }: Capabilities, cOut: number, cIn: number) =>
  Math.min(cOut, cIn) >= (largeTiles ? 16 : 32);
