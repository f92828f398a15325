import type { AdapterKind } from '../../src/runtime/adapter.ts';
import { evenTile } from '../common/launch.ts';

/**
 * Rows of a band: a thread reads two rows more than it computes, so a band is high, unless a GPU would get too few
 * threads. `columns` is how many bands there would be if each went from top to bottom.
 */
export function bandRows(kind: AdapterKind, height: number, columns: number): number {
  const wanted = kind === 'gpu' ? (columns * height) / 32768 : 8;
  return evenTile(height, Math.min(8, Math.max(2, Math.floor(wanted))));
}
