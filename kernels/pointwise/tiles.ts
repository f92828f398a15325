import type { AdapterKind } from '../../src/runtime/adapter.ts';
import { evenTile } from '../common/launch.ts';

/**
 * What a thread of product.wgsl keeps in registers. A second vector of pixels halves what it reads of the matrix, but
 * also the number of threads, which a GPU needs many of. Software adapters pay for every read, registers or not: up to 16
 * channels are one tile there.
 */
export function multiplyTiles(kind: AdapterKind, channels: number, positions: number) {
  const tile = evenTile(channels, kind !== 'gpu' && channels <= 16 ? 16 : 8);
  const threads = positions * Math.ceil(channels / tile);
  return { TILE_O: tile, VECTORS: threads >= (kind === 'gpu' ? 131072 : 1024) ? 2 : 1 };
}

/** The tile of the matrix that a workgroup of outer.wgsl sums: it reads each channel once for all of them. */
export function outerTiles(cOut: number, cIn: number) {
  return { TILE_O: evenTile(cOut, 8), TILE_C: evenTile(cIn, 8) };
}
