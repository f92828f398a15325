import type { Capabilities } from '../../src/runtime/capabilities.ts';
import { distinct } from '../../src/runtime/tuning.ts';
import { evenTile } from '../common/tiles.ts';

/**
 * Rows of a band. A thread reads kernel − 1 rows more than it computes, so bands are high, unless too few threads would be
 * left. `columns` is the number of bands if each went from top to bottom.
 */
export function bandTiles({ largeTiles, threads }: Capabilities, kernel: number, height: number, columns: number) {
  const most = 4 * (kernel - 1);
  const wanted = largeTiles ? 2 * most : Math.min(most, Math.max(2, Math.floor((4 * columns * height) / threads)));
  const rows = [wanted, 2, 4, 8, 16];
  return distinct(rows.map((most) => ({ ROWS: evenTile(height, most) })));
}
