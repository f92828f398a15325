import type { AdapterKind } from '../../src/runtime/adapter.ts';
import { distinct } from '../../src/runtime/tuning.ts';

// Functions like these give the tiles that a kernel may have: the first of them unless the device was tuned.

/**
 * Lanes in a workgroup whose lanes add up what each of them holds. Software adapters pay dearly for a barrier that more
 * lanes pass than step together (8 on llvmpipe, 4 on SwiftShader), in running and in compiling.
 */
export const TEAM_LANES: Readonly<Record<AdapterKind, number>> = { gpu: 64, llvmpipe: 8, swiftshader: 4 };

/** Bytes of memory that a workgroup has on every adapter. */
export const WORKGROUP_BYTES = 16384;

/** The smallest extent of tiles that cover `extent` in as few tiles as those of `most` would. */
export const evenTile = (extent: number, most: number) => Math.ceil(extent / Math.ceil(extent / most));

export const roundUp = (x: number, multiple: number) => Math.ceil(x / multiple) * multiple;

/**
 * A sum over `positions`, cut into slabs for a merge: enough workgroups to fill the adapter where each slab takes
 * `groupsPerSlab` of them, and some positions for each lane.
 */
export function slabTiles(kind: AdapterKind, positions: number, groupsPerSlab: number) {
  const groups = kind === 'gpu' ? [1024, 512, 2048, 256] : [4, 16, 64];
  const slabOf = (all: number) => Math.ceil(positions / Math.ceil(all / groupsPerSlab));
  return distinct(groups.map((all) => ({ SLAB: Math.max(TEAM_LANES[kind], slabOf(all)) })));
}

/**
 * Positions cut into spans, each of which a workgroup (or `groupsPerSpan` of them) walks through in steps and leaves one
 * row of sums: few enough rows for whoever adds them up, enough workgroups to fill the adapter.
 */
export function spanTiles(kind: AdapterKind, positions: number, groupsPerSpan: number, step: number) {
  const [groups, perRow] = kind === 'gpu' ? [[2048, 512, 1024, 4096], 16] : [[64, 16, 256], 8];
  const spansOf = (all: number) => Math.min(all / perRow, Math.ceil(all / groupsPerSpan));
  return distinct(groups.map((all) => ({ SPAN: roundUp(positions / spansOf(all), step) })));
}
