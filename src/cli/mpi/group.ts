import { napSince } from '../../runtime/nap.ts';
import { cut } from '../../train/cut.ts';
import { addTo, type Group, LinkError } from '../../train/group.ts';
import type { Launch } from './launch.ts';
import type { Mpi, Operation, Parts } from './library.ts';

/** A gap between two looks at an operation that is longer was this process's own, such as a suspended machine. */
const LONGEST_GAP = 1000;

/** The exit code of a rank that stops because another was told to. */
const STOPPED = 143;

const turn = () => new Promise<void>((next) => setImmediate(next));

const addUp = (counts: readonly number[]) => {
  let end = 0;
  return counts.map((count) => {
    end += count;
    return end - count;
  });
};

/** Parts of an array by the elements that each has, one behind the other unless `places` says where they begin. */
function partsOf(array: Float32Array | Uint8Array, counts: readonly number[], places = addUp(counts)): Parts {
  const bytes = (values: readonly number[]) => Int32Array.from(values, (value) => value * array.BYTES_PER_ELEMENT);
  return { array, counts: bytes(counts), places: bytes(places) };
}

/** The ranks that an MPI has started. */
export class MpiGroup implements Group {
  readonly rank: number;
  readonly ranks: number;
  /** The most milliseconds to wait for the other ranks. */
  patience = Number.POSITIVE_INFINITY;
  private own?: AbortSignal;
  private readonly stop = new AbortController();
  /** What `sum` receives, and what it returns: kept from step to step. */
  private received = new Float32Array(0);
  private total = new Float32Array(0);

  constructor(
    private readonly mpi: Mpi,
    { rank, ranks }: Pick<Launch, 'rank' | 'ranks'>,
  ) {
    this.rank = rank;
    this.ranks = ranks;
  }

  /**
   * Returns a signal that aborts on all ranks after the same operation, once that of one has aborted. Its reason is that
   * of `own`, if that has aborted, or the exit code of SIGTERM.
   */
  listen(own: AbortSignal): AbortSignal {
    this.own = own;
    return this.stop.signal;
  }

  /** See `Group`. The last element of a vector, which must be 0, tells whether to stop. */
  async sum(
    length: number,
    shards: readonly number[],
    own: ReadonlyMap<number, Promise<Float32Array<ArrayBuffer>>>,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { mpi, rank, ranks } = this;
    const counts = cut(length, ranks);
    const size = counts[rank];
    if (this.received.length < shards.length * size) this.received = new Float32Array(shards.length * size);
    if (this.total.length !== length) this.total = new Float32Array(length);
    // Each rank adds up one slice of the vectors. Those of all shards lie there one below the other, in rows.
    const rows = Array.from({ length: ranks }, (_, r) =>
      shards.flatMap((shard, row) => (shard % ranks === r ? [row] : [])),
    );
    const none = new Float32Array(1);
    const nothing = counts.map(() => 0);
    const started: Operation[] = [];
    // One vector of each rank at a time, while the next is computed.
    for (let i = 0; rows.some((own) => i < own.length); i++) {
      const row = rows[rank][i];
      const vector = row === undefined ? none : await own.get(shards[row])!;
      if (i === 0 && row !== undefined && this.own?.aborted) vector[length - 1] = 1;
      const from = rows.map((own) => (i < own.length ? size : 0));
      const places = rows.map((own) => (i < own.length ? own[i] * size : 0));
      started.push(
        mpi.allToAll(partsOf(vector, row === undefined ? nothing : counts), partsOf(this.received, from, places)),
      );
    }
    for (const operation of started) await this.finish(operation);
    const slice = this.received.subarray(0, size);
    for (let row = 1; row < shards.length; row++) addTo(slice, this.received.subarray(row * size, (row + 1) * size));
    await this.finish(mpi.allGather(slice, partsOf(this.total, counts)));
    if (this.total[length - 1] > 0) this.stopAll();
    return this.total;
  }

  async gather(values: Float32Array<ArrayBuffer>): Promise<Float32Array[]> {
    const bytes = await this.gatherBytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return bytes.map((part) => new Float32Array(part.slice().buffer));
  }

  /** Returns the bytes of each rank, which may be of different lengths. */
  async gatherBytes(bytes: Uint8Array): Promise<Uint8Array[]> {
    const { mpi, ranks } = this;
    const wantsStop = this.own?.aborted ? 1 : 0;
    const heads = new Int32Array(2 * ranks);
    const head = partsOf(new Uint8Array(heads.buffer), cut(8 * ranks, ranks));
    await this.finish(mpi.allGather(new Uint8Array(Int32Array.of(bytes.length, wantsStop).buffer), head));
    const lengths = Array.from({ length: ranks }, (_, r) => heads[2 * r]);
    const places = addUp(lengths);
    const all = new Uint8Array(Math.max(1, places[ranks - 1] + lengths[ranks - 1]));
    await this.finish(mpi.allGather(bytes, partsOf(all, lengths)));
    if (heads.some((value, i) => i % 2 === 1 && value > 0)) this.stopAll();
    return lengths.map((length, r) => all.subarray(places[r], places[r] + length));
  }

  /** Waits for the other ranks, and leaves them. */
  async close(): Promise<void> {
    this.patience = Number.POSITIVE_INFINITY;
    await this.gatherBytes(new Uint8Array(0));
    this.mpi.finalize();
  }

  /** Ends all ranks at once. */
  abort(code: number): void {
    this.mpi.abort(code);
  }

  private stopAll(): void {
    if (!this.stop.signal.aborted) this.stop.abort(this.own?.aborted ? this.own.reason : STOPPED);
  }

  /** Waits for an operation. Meanwhile the event loop goes on. */
  private async finish(isDone: Operation): Promise<void> {
    const begin = performance.now();
    let last = begin;
    let waited = 0;
    while (!isDone()) {
      if (waited > this.patience) {
        throw new LinkError(`the other ranks have not answered for ${Math.round(waited / 1000)} seconds.`);
      }
      await turn();
      napSince(begin);
      const now = performance.now();
      waited += Math.min(now - last, LONGEST_GAP);
      last = now;
    }
  }
}
