import type { Capabilities } from '../../src/runtime/capabilities.ts';
import { distinct } from '../../src/runtime/tuning.ts';
import { evenTile, roundUp, WORKGROUP_BYTES } from '../common/tiles.ts';

/**
 * Output channels and vectors that a thread of product.wgsl keeps in registers. A second vector halves the loads of the
 * matrix, but also the number of threads.
 */
export function multiplyTiles({ largeTiles, threads: enough }: Capabilities, channels: number, positions: number) {
  const tile = evenTile(channels, largeTiles ? 16 : 8);
  const threads = positions * Math.ceil(channels / tile);
  const VECTORS = largeTiles || threads >= enough ? 2 : 1;
  const candidates = [
    [8, 1],
    [8, 2],
    [4, 2],
    [4, 4],
    [16, 1],
  ];
  return distinct([
    { TILE_O: tile, VECTORS },
    ...candidates.map(([most, vectors]) => ({ TILE_O: evenTile(channels, most), VECTORS: vectors })),
  ]);
}

/** A tile of a matrix. */
export interface OuterTile {
  readonly TILE_O: number;
  readonly TILE_C: number;
}

/**
 * The tile of the matrix that a workgroup of outer.wgsl sums. If its threads share the pixels, each holds all sums of the
 * tile, and workgroup memory must have room for those of all threads. If they share the channels, the tile has a multiple of
 * `readers` rows.
 */
export function outerTiles(
  { readers, teamThreads }: Capabilities,
  cOut: number,
  cIn: number,
  sumsOf: (tile: OuterTile) => number,
) {
  if (readers > 1) {
    const most = [
      [2, 2],
      [4, 2],
      [2, 4],
      [1, 2],
      [1, 1],
    ];
    const tileOf = (channels: number, rows: number) => roundUp(evenTile(channels, rows * readers), readers);
    return distinct(most.map(([o, c]) => ({ TILE_O: tileOf(cOut, o), TILE_C: Math.min(cIn, tileOf(cIn, c)) })));
  }
  const most = [
    [8, 8],
    [8, 4],
    [8, 2],
    [4, 4],
    [2, 2],
    [1, 1],
  ];
  const tiles = most.map(([o, c]) => ({ TILE_O: evenTile(cOut, o), TILE_C: evenTile(cIn, c) }));
  return distinct(tiles).filter((tile) => 4 * teamThreads * sumsOf(tile) <= WORKGROUP_BYTES);
}
