import type { AdapterKind } from '../../src/runtime/adapter.ts';
import { distinct } from '../../src/runtime/tuning.ts';
import { evenTile } from '../common/tiles.ts';

/**
 * Rows of a band: a thread reads two rows more than it computes, so a band is high, unless a GPU would get too few
 * threads. `columns` is how many bands there would be if each went from top to bottom.
 */
export function bandTiles(kind: AdapterKind, height: number, columns: number) {
  const wanted = kind === 'gpu' ? Math.min(8, Math.max(2, Math.floor((columns * height) / 32768))) : 16;
  const rows = [wanted, 2, 4, 8, 16];
  return distinct(rows.map((most) => ({ ROWS: evenTile(height, most) })));
}
