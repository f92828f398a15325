import type { Capabilities } from '../../src/runtime/capabilities.ts';
import { distinct } from '../../src/runtime/tuning.ts';
import { evenTile, WORKGROUP_BYTES } from '../common/tiles.ts';

/** Threads of a slice of product_staged.wgsl. */
const LANES = 16;
/** The most output channels of a workgroup that stages x. */
const STAGED_CHANNELS = 64;
/** A step stages at least this many input channels. */
const STAGED_INPUTS = 8;

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

/** Threads of a workgroup: `threads` where it has one slice. */
export const productThreads = ({ SLICES }: Pick<ProductTile, 'SLICES'>, threads: number) =>
  SLICES > 1 ? LANES * SLICES : threads;

/** Workgroup memory that a kernel uses beside product.wgsl. */
export interface WorkgroupUse {
  /** Bytes a thread, for sums that it keeps of each of its channels. */
  readonly perThread: number;
  /** Bytes a workgroup. */
  readonly fixed: number;
}

/**
 * The tiles of product.wgsl. A second vector halves the loads of the matrix, but also the number of threads. On GPUs, wide
 * products are staged: where four threads or more would load the same x, in at least two steps. Software adapters, whose
 * loads are slow, take larger tiles for them, which take longer to compile.
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
  if (largeTiles || cOut < 4 * 8 || cIn < 2 * STAGED_INPUTS) return distinct(usual);
  const staged = (TILE_O: number, vectors: number, channels = STAGED_CHANNELS) => {
    const SLICES = evenTile(Math.ceil(cOut / TILE_O), channels / TILE_O);
    return { TILE_O, VECTORS: vectors, SLICES, LOADS: Math.ceil(STAGED_INPUTS / SLICES) };
  };
  // A tile of four channels leaves registers for the sums of each.
  const wide =
    use.perThread > 0 ? [staged(4, 2), staged(4, 2, 32), staged(8, 1)] : [staged(8, 1), staged(8, 2), staged(4, 2)];
  return distinct([...wide.filter((tile) => stagedBytes(tile, use) <= WORKGROUP_BYTES), ...usual.slice(0, 3)]);
}

/** Workgroup memory of product_staged.wgsl and the kernel around it. */
function stagedBytes({ TILE_O, VECTORS, SLICES, LOADS }: ProductTile, { perThread, fixed }: WorkgroupUse) {
  const step = SLICES * LOADS;
  return 4 * step * (4 * VECTORS * LANES + SLICES * TILE_O) + perThread * SLICES * LANES + fixed;
}
