import type { AdapterKind } from '../../src/runtime/adapter.ts';
import { evenTile } from '../common/launch.ts';

/**
 * What a thread of multiply.wgsl keeps in registers. A second vector of pixels halves what it reads of the matrix, but
 * also the number of threads, which a GPU needs many of; software adapters have few cores, and small caches for code.
 */
export function multiplyTiles(kind: AdapterKind, channels: number, positions: number) {
  const tile = evenTile(channels, 8);
  const threads = positions * Math.ceil(channels / tile);
  return { TILE_O: tile, VECTORS: threads >= (kind === 'gpu' ? 131072 : 1024) ? 2 : 1 };
}

/** The tile of the matrix that a workgroup of backward_weight.wgsl sums: it reads each channel once for all of them. */
export function backwardWeightTiles(kind: AdapterKind, cOut: number, cIn: number) {
  const most = kind === 'gpu' ? 8 : 4;
  return { TILE_O: evenTile(cOut, most), TILE_C: evenTile(cIn, most) };
}
