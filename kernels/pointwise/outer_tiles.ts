import type { Capabilities } from '../../src/runtime/capabilities.ts';
import { distinct } from '../../src/runtime/tuning.ts';
import { evenTile, roundUp, WORKGROUP_BYTES } from '../common/tiles.ts';

/** The tile of the matrix that a workgroup of outer.wgsl sums. */
export type OuterTile = {
  readonly TILE_O: number;
  readonly TILE_C: number;
  /** Vectors of pixels that outer_staged.wgsl stages at once; 1 where nothing is staged. */
  readonly STEP: number;
};

/** The threads of outer_staged.wgsl: a grid over the rows and columns of its tile. */
export const OUTER_THREADS = { ROW_THREADS: 8, COLUMN_THREADS: 16 };
const STAGED_THREADS = OUTER_THREADS.ROW_THREADS * OUTER_THREADS.COLUMN_THREADS;
/** The most sums that a staging thread keeps in registers. */
const MOST_SUMS = 40;
/** With so few sums a thread or fewer, barriers cost more than staging saves. */
const FEWEST_SUMS = 16;

/** What a sum of outer products has beside the rows of y's channels (see outer.wgsl). */
export interface Extra {
  /** More rows of the matrix. */
  readonly rows: number;
  /** How many of them a tile with TILE_O rows takes. */
  readonly perTile: (TILE_O: number) => number;
  /** Whether Σ row·extra, Σ row and Σ column are computed, too. */
  readonly vectorSums: boolean;
}

/** The extra rows of a tile. */
export const extraRows = ({ readers }: Capabilities, { TILE_O, STEP }: OuterTile, extra: Extra) =>
  roundUp(extra.perTile(TILE_O), STEP > 1 ? OUTER_THREADS.ROW_THREADS : readers);

/** The sums of a tile. */
export const outerSums = (capabilities: Capabilities, tile: OuterTile, extra: Extra) =>
  (tile.TILE_O + extraRows(capabilities, tile, extra)) * tile.TILE_C +
  (extra.vectorSums ? 2 * tile.TILE_O + tile.TILE_C : 0);

/**
 * The tile of the matrix that a workgroup of outer.wgsl sums. If its threads share the pixels, each holds all sums of the
 * tile, and workgroup memory must have room for those of all threads. If they share the channels, the tile has a multiple of
 * `readers` rows. On GPUs, wide products are staged.
 */
export function outerTiles(capabilities: Capabilities, cOut: number, cIn: number, extra: Extra): OuterTile[] {
  const { readers, largeTiles, teamThreads } = capabilities;
  if (readers > 1) {
    // Large tiles take long to compile. Where there are vector sums, each row comes with an extra one.
    const wide = Math.min(cOut, cIn) >= 32 ? [[extra.vectorSums ? 2 : 4, 4]] : [];
    const most = [...wide, [2, 2], [4, 2], [2, 4], [1, 2], [1, 1]];
    const tileOf = (channels: number, rows: number) => roundUp(evenTile(channels, rows * readers), readers);
    return distinct(
      most.map(([o, c]) => ({ TILE_O: tileOf(cOut, o), TILE_C: Math.min(cIn, tileOf(cIn, c)), STEP: 1 })),
    );
  }
  const most = [
    [8, 8],
    [8, 4],
    [8, 2],
    [4, 4],
    [2, 2],
    [1, 1],
  ];
  const usual = most
    .map(([o, c]) => ({ TILE_O: evenTile(cOut, o), TILE_C: evenTile(cIn, c), STEP: 1 }))
    .filter((tile) => 4 * teamThreads * outerSums(capabilities, tile, extra) <= WORKGROUP_BYTES);
  const rows = cOut + extra.rows;
  if (largeTiles || rows * cIn <= FEWEST_SUMS * STAGED_THREADS) return distinct(usual);
  const { ROW_THREADS, COLUMN_THREADS } = OUTER_THREADS;
  const staged = [64, 32]
    .map((most) => ({
      TILE_O: roundUp(evenTile(cOut, most), ROW_THREADS),
      TILE_C: roundUp(evenTile(cIn, 64), COLUMN_THREADS),
      STEP: 4,
    }))
    .filter((tile) => (tile.TILE_O + extraRows(capabilities, tile, extra)) * tile.TILE_C <= MOST_SUMS * STAGED_THREADS);
  return distinct([...staged, ...usual.slice(0, 4)]);
}

/** The constants of outer_staged.wgsl: its grid of threads, and how often they load rows and columns in a step. */
export function stagedConstants({ TILE_O, TILE_C, STEP }: OuterTile, extra: number) {
  const loads = (channels: number) => Math.ceil((channels * STEP) / STAGED_THREADS);
  return {
    ...OUTER_THREADS,
    WORKGROUP_SIZE: STAGED_THREADS,
    ROW_LOADS: loads(TILE_O),
    EXTRA_LOADS: loads(extra),
    COLUMN_LOADS: loads(TILE_C),
  };
}
