import type { Capabilities } from '../../src/runtime/capabilities.ts';
import { distinct } from '../../src/runtime/tuning.ts';

// Functions like these return the tiles that a kernel may have, the default first; the tuner tries the others.

/** Bytes of workgroup memory that every adapter has. */
export const WORKGROUP_BYTES = 16384;

/** The smallest tile that covers `extent` in as few tiles as one of `most` would. */
export const evenTile = (extent: number, most: number) => Math.ceil(extent / Math.ceil(extent / most));

export const roundUp = (x: number, multiple: number) => Math.ceil(x / multiple) * multiple;

/**
 * Positions of a chunk of partial sums that a second kernel merges: enough workgroups to fill the adapter, where each
 * chunk takes `workgroupsPerChunk` of them, and at least one position for each thread.
 */
export function mergedChunks({ sums, teamThreads }: Capabilities, positions: number, workgroupsPerChunk: number) {
  const chunkOf = (workgroups: number) => Math.ceil(positions / Math.ceil(workgroups / workgroupsPerChunk));
  return distinct(sums.merged.map((workgroups) => ({ CHUNK: Math.max(teamThreads, chunkOf(workgroups)) })));
}

/**
 * Positions of a chunk of partial sums that every workgroup of the next kernel adds up: few enough chunks for those, enough
 * workgroups to fill the adapter. A chunk is walked through in steps of `step` positions.
 */
export function inlinedChunks({ sums }: Capabilities, positions: number, workgroupsPerChunk: number, step: number) {
  const chunksOf = (workgroups: number) =>
    Math.min(workgroups / sums.workgroupsPerRow, Math.ceil(workgroups / workgroupsPerChunk));
  return distinct(sums.inlined.map((workgroups) => ({ CHUNK: roundUp(positions / chunksOf(workgroups), step) })));
}
