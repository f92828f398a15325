import type { AdapterKind } from './adapter.ts';

/** What an adapter is good at, as far as kernels are written for it. */
export interface Capabilities {
  /**
   * The workgroup size of a reduction in workgroup memory. Software adapters run a subgroup's threads in lockstep, one in each
   * lane of the CPU's vectors. In a larger workgroup, a barrier is slow to run and to compile.
   */
  readonly teamThreads: number;
  /**
   * Threads that load weights together: each loads one of a row and the others get it by a subgroup broadcast. 1 where each
   * thread loads every weight itself.
   */
  readonly readers: number;
  /** Loops stay loops in WGSL: unrolled code is slow to compile and does not fit a small instruction cache. */
  readonly rolled: boolean;
  /**
   * All sizes are read from a uniform, so that one pipeline serves every shape. Otherwise only those that depend on the batch
   * are, and the others are compile-time constants.
   */
  readonly sizesAsData: boolean;
  /** Threads split up a sum of partial sums, which takes barriers, instead of each reading all of them. */
  readonly sharedMerges: boolean;
  /** A thread computes large tiles: registers cost as much as memory, so that a tile only needs to save reads. */
  readonly largeTiles: boolean;
  /** Threads that keep the adapter busy. */
  readonly threads: number;
  readonly sums: SumCapabilities;
}

/** How many workgroups share a sum over a tensor's positions. Lists begin with the default; the rest is for the tuner. */
export interface SumCapabilities {
  /** Workgroups where a second kernel adds up their partial sums. */
  readonly merged: readonly number[];
  /** Workgroups where every workgroup of the next kernel adds up the partial sums. */
  readonly inlined: readonly number[];
  /** There is at most one row of partial sums for this many of the `inlined` workgroups. */
  readonly workgroupsPerRow: number;
  /** Workgroups that compute the statistics of a batch normalisation. */
  readonly statistics: number;
  /** The most rows of partial sums that the `statistics` workgroups write. */
  readonly statisticsRows: number;
}

/** Any GPU. */
export const gpuCapabilities: Capabilities = {
  teamThreads: 64,
  readers: 1,
  rolled: false,
  sizesAsData: false,
  sharedMerges: true,
  largeTiles: false,
  threads: 131072,
  sums: {
    merged: [1024, 512, 2048, 256],
    inlined: [2048, 512, 1024, 4096],
    workgroupsPerRow: 16,
    statistics: 2048,
    statisticsRows: 64,
  },
};

/** An adapter that runs on the CPU. */
export const softwareCapabilities = (teamThreads: number, readers: number): Capabilities => ({
  teamThreads,
  readers,
  rolled: true,
  sizesAsData: true,
  sharedMerges: false,
  largeTiles: true,
  threads: 1024,
  sums: {
    merged: [4, 16, 64],
    inlined: [64, 16, 256],
    workgroupsPerRow: 8,
    statistics: 128,
    statisticsRows: 8,
  },
});

/** Threads in lockstep where an adapter does not tell: vectors of 256 bits in llvmpipe, of 128 in SwiftShader. */
const USUAL_LOCKSTEP = { llvmpipe: 8, swiftshader: 4 };
/** The most that kernels are written for: vectors of 512 bits. */
const MOST_LOCKSTEP = 16;

/** The capabilities of an adapter. */
export function capabilitiesOf({ kind }: { readonly kind: AdapterKind }, { features, info }: GPUAdapter): Capabilities {
  if (kind === 'gpu') return gpuCapabilities;
  if (!features.has('subgroups') || !info.subgroupMinSize) return softwareCapabilities(USUAL_LOCKSTEP[kind], 1);
  const lockstep = Math.min(info.subgroupMinSize, MOST_LOCKSTEP);
  return softwareCapabilities(lockstep, lockstep);
}
