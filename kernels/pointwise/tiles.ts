import type { AdapterKind } from '../../src/runtime/adapter.ts';
import { distinct } from '../../src/runtime/tuning.ts';
import { evenTile, roundUp, TEAM_LANES, WORKGROUP_BYTES } from '../common/tiles.ts';

/**
 * What a thread of product.wgsl keeps in registers. A second vector of pixels halves what it reads of the matrix, but
 * also the number of threads, which a GPU needs many of. Software adapters pay for every read, registers or not, and get
 * larger tiles.
 */
export function multiplyTiles(kind: AdapterKind, channels: number, positions: number) {
  const tile = evenTile(channels, kind === 'gpu' ? 8 : 16);
  const threads = positions * Math.ceil(channels / tile);
  const VECTORS = kind !== 'gpu' || threads >= 131072 ? 2 : 1;
  const others = [
    [8, 1],
    [8, 2],
    [4, 2],
    [4, 4],
    [16, 1],
  ];
  return distinct([
    { TILE_O: tile, VECTORS },
    ...others.map(([most, vectors]) => ({ TILE_O: evenTile(channels, most), VECTORS: vectors })),
  ]);
}

/** A tile of a matrix. */
export interface OuterTile {
  readonly TILE_O: number;
  readonly TILE_C: number;
}

/**
 * The tile of the matrix that a workgroup of outer.wgsl sums. Where lanes share the pixels, each lane holds all of its sums,
 * and workgroup memory those of all lanes. Where `readers` lanes share the channels, it is so many times as high.
 */
export function outerTiles(
  kind: AdapterKind,
  readers: number,
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
  return distinct(tiles).filter((tile) => 4 * TEAM_LANES[kind] * sumsOf(tile) <= WORKGROUP_BYTES);
}
