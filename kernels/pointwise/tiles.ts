import type { Capabilities } from '../../src/runtime/capabilities.ts';
import { distinct } from '../../src/runtime/tuning.ts';
import { evenTile, roundUp, WORKGROUP_BYTES } from '../common/tiles.ts';

/** Threads of a slice of product_staged.wgsl. */
const LANES = 16;
/** Output channels of its workgroup, unless workgroup memory has no room for so many. */
const STAGED_CHANNELS = 64;
/** Input channels that it stages in a step, unless there are more slices. */
const STEP = 8;

/** The tile of a workgroup of product.wgsl. */
export type ProductTile = {
  /** Output channels and vectors that a thread keeps in registers. */
  readonly TILE_O: number;
  readonly VECTORS: number;
  /** Slices of threads, and channels that each thread loads in a step (product_staged.wgsl); one slice stages nothing. */
  readonly SLICES: number;
  readonly LOADS: number;
};

/** Input and output channels of a product, and the vectors of pixels at which it is computed. */
export interface ProductSizes {
  readonly cIn: number;
  readonly cOut: number;
  readonly positions: number;
}

/** Threads of a workgroup that has `threads` of them if it has one slice. */
export const productThreads = ({ SLICES }: Pick<ProductTile, 'SLICES'>, threads: number) =>
  SLICES > 1 ? LANES * SLICES : threads;

/** Workgroup memory that a kernel uses beside product.wgsl: bytes a thread, and bytes a workgroup. */
export interface WorkgroupUse {
  readonly perThread: number;
  readonly fixed: number;
}

/**
 * The tiles of product.wgsl. A second vector halves the loads of the matrix, but also the number of threads. On GPUs, wide
 * products are staged: where four threads or more would load the same x, for at least two steps.
 */
export function multiplyTiles(
  { largeTiles, threads: enough }: Capabilities,
  { cIn, cOut, positions }: ProductSizes,
  use: WorkgroupUse = { perThread: 0, fixed: 0 },
): ProductTile[] {
  const tile = evenTile(cOut, largeTiles ? (cIn >= 64 ? 32 : 16) : 8);
  const threads = positions * Math.ceil(cOut / tile);
  const VECTORS = largeTiles || threads >= enough ? 2 : 1;
  const plain = (most: number, vectors: number) => ({
    TILE_O: evenTile(cOut, most),
    VECTORS: vectors,
    SLICES: 1,
    LOADS: 1,
  });
  const usual = [plain(tile, VECTORS), plain(8, 1), plain(8, 2), plain(4, 2), plain(4, 4), plain(16, 1)];
  if (largeTiles || cOut < 4 * 8 || cIn < 2 * STEP) return distinct(usual);
  const staged = (TILE_O: number, vectors: number, channels = STAGED_CHANNELS) => {
    const SLICES = evenTile(Math.ceil(cOut / TILE_O), channels / TILE_O);
    return { TILE_O, VECTORS: vectors, SLICES, LOADS: Math.ceil(STEP / SLICES) };
  };
  // Where a thread also keeps sums of each of its channels, four channels leave registers for them.
  const wide =
    use.perThread > 0 ? [staged(4, 2), staged(4, 2, 32), staged(8, 1)] : [staged(8, 1), staged(8, 2), staged(4, 2)];
  return distinct([...wide.filter((tile) => stagedBytes(tile, use) <= WORKGROUP_BYTES), ...usual.slice(0, 3)]);
}

/** Workgroup memory of product_staged.wgsl and the kernel around it. */
function stagedBytes({ TILE_O, VECTORS, SLICES, LOADS }: ProductTile, { perThread, fixed }: WorkgroupUse) {
  const step = SLICES * LOADS;
  return 4 * step * (4 * VECTORS * LANES + SLICES * TILE_O) + perThread * SLICES * LANES + fixed;
}

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
/** The most sums that one of them keeps in registers, and how many it must have more than to be worth the barriers. */
const MOST_SUMS = 40;
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
