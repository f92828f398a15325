/** The processes that train one net together. Each takes every `ranks`-th shard of a batch, from shard `rank` on. */
export interface Group {
  readonly rank: number;
  readonly ranks: number;
  /**
   * Adds vectors of the shards of a step in the order of the shards, whoever has them. The last element of a vector is the
   * group's own.
   * @param shards the shards that have pictures, ascending
   * @param own the vectors of this rank's among them, by shard; they may be changed
   * @returns the sum, the same on all ranks
   */
  sum(
    length: number,
    shards: readonly number[],
    own: ReadonlyMap<number, Promise<Float32Array<ArrayBuffer>>>,
  ): Promise<Float32Array<ArrayBuffer>>;
  /** Returns what each rank has given, by rank. */
  gather(values: Float32Array<ArrayBuffer>): Promise<readonly Float32Array[]>;
}

/** The other ranks did not answer in time. */
export class LinkError extends Error {
  override name = 'LinkError';
}

/** Adds a vector to a sum, element by element in f32. */
export function addTo(sum: Float32Array, vector: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += vector[i];
}

/** One process, which has all shards. */
export const alone: Group = {
  rank: 0,
  ranks: 1,
  async sum(_length, [first, ...others], own) {
    const sum = await own.get(first)!;
    for (const shard of others) addTo(sum, await own.get(shard)!);
    return sum;
  },
  gather: async (values) => [values],
};
