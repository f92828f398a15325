import type { AdapterKind } from '../../src/runtime/adapter.ts';
import { evenTile } from '../common/launch.ts';

/**
 * What a thread of multiply.wgsl keeps in registers. A second vector of pixels halves what it reads of the weight, but
 * also the number of threads, which a GPU needs many of; software adapters have few cores, and small caches for code.
 */
export function multiplyTiles(kind: AdapterKind, channels: number, positions: number) {
  const tile = evenTile(channels, kind === 'gpu' ? 8 : 4);
  const threads = positions * Math.ceil(channels / tile);
  return { TILE_O: tile, VECTORS: threads >= (kind === 'gpu' ? 131072 : 1024) ? 2 : 1 };
}

/** Input channels that a thread of backward_input_strided.wgsl keeps in registers, four vectors each. */
export const backwardInputTile = (kind: AdapterKind, channels: number) => evenTile(channels, kind === 'gpu' ? 4 : 2);

/** Output channels that a workgroup of backward_weight.wgsl sums, and the rows of a band. */
export function backwardWeightTiles(channels: number, height: number) {
  return { TILE_O: evenTile(channels, 4), ROWS: evenTile(height, 8) };
}
