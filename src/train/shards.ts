import { accumulate, copy, fill } from '../../kernels/elementwise/launch.ts';
import type { Pictures } from '../data/dataset.ts';
import type { Recording } from '../runtime/recording.ts';
import { bytesPer, size, type Tensor, view } from '../runtime/tensor.ts';
import { cut } from './cut.ts';
import type { Group } from './group.ts';
import { BatchRecordings, type StepInputs, type StepPart, type Steps } from './recorded_steps.ts';
import { type Batch, computeGradients, type StepContext } from './step.ts';

/** Floats behind gradients and statistics: Σ loss, correct answers, zeros. The last one is the group's own. */
const TAIL = 64;

/** Consecutive pictures of a batch. */
interface Shard {
  readonly index: number;
  /** The place of its first picture in the batch. */
  readonly first: number;
  readonly size: number;
}

/** Cuts a batch of `size` pictures into shards of nearly equal size; those without a picture are left out. */
export function shardsOf(size: number, shards: number): Shard[] {
  let end = 0;
  const all = cut(size, shards).map((size, index) => {
    end += size;
    return { index, first: end - size, size };
  });
  return all.filter((shard) => shard.size > 0);
}

/** What a shard contributes to a step, [length]: its gradients, its running statistics, its loss and correct answers. */
class Contribution {
  readonly flat: Tensor;
  readonly gradients: Tensor;
  readonly buffers?: Tensor;
  readonly totals: Tensor;

  constructor({ device, parameters }: StepContext) {
    const { gradients, buffers } = parameters;
    const [first, second] = [size(gradients), buffers ? size(buffers) : 0];
    this.flat = device.tensor([first + second + TAIL]);
    this.gradients = view(this.flat, 0, [first]);
    this.buffers = buffers && view(this.flat, first * bytesPer.f32, [second]);
    this.totals = view(this.flat, (first + second) * bytesPer.f32, [2]);
  }
}

/**
 * Steps that cut a batch into `recipe.shards` shards, which the ranks of a group share out among themselves. Each shard
 * starts from the same weights and running statistics, and has batch statistics of its own. Gradients and running
 * statistics are means over the shards, weighted by their pictures and added on the host in the order of the shards, so
 * that the number of ranks does not change a bit. Then each rank takes the same step of the optimizer. The context's seed
 * is [seed, step, first picture].
 */
export class ShardedSteps implements Steps {
  private readonly batches: BatchRecordings;
  private readonly contribution: Contribution;
  /** The running statistics before the step. */
  private readonly before?: Tensor;
  /** The factor of what a shard contributes: its share of the batch's pictures, [1]. */
  private readonly share: Tensor;
  private ends?: Promise<Recording<unknown>[]>;
  private first?: Recording<unknown>;
  private last?: Recording<unknown>;

  constructor(
    private readonly context: StepContext,
    private readonly group: Group,
  ) {
    const { device, parameters } = context;
    this.batches = new BatchRecordings(device);
    this.contribution = new Contribution(context);
    this.before = parameters.buffers && device.tensor(parameters.buffers.shape);
    this.share = device.tensor([1]);
  }

  async record(size: number, pictures: Pictures): Promise<void> {
    const { device } = this.context;
    this.ends ??= Promise.all([device.record(() => this.queueFirst()), device.record(() => this.queueLast())]);
    [this.first, this.last] = await this.ends;
    for (const shard of this.shardsOf(size)) {
      await this.batches.record(shard.size, pictures, (batch) => this.queueShard(batch));
    }
  }

  own(batch: Uint32Array): Uint32Array {
    const own = this.ownShards(batch.length);
    return Uint32Array.from(own.flatMap(({ first, size }) => [...batch.subarray(first, first + size)]));
  }

  parts({ size, images, labels, seed }: StepInputs): StepPart[] {
    const { device } = this.context;
    const bytesPerPicture = images.length / labels.length;
    const vectors = new Map<number, Promise<Float32Array<ArrayBuffer>>>();
    let read = 0;
    const parts = this.ownShards(size).map((shard): StepPart => {
      const start = read;
      read += shard.size;
      return {
        recording: this.batches.get(shard.size),
        writeInputs: () => {
          this.batches.write(shard.size, images.subarray(start * bytesPerPicture), labels.subarray(start));
          device.write(this.context.seed, Uint32Array.of(...seed, shard.first));
          device.write(this.share, Float32Array.of(shard.size / size));
        },
        sent: () => {
          const vector = device.read(this.contribution.flat);
          vector.catch(() => {}); // its error surfaces where it is awaited
          vectors.set(shard.index, vector);
        },
      };
    });
    const last = { recording: this.last!, writeInputs: () => this.writeSum(size, vectors) };
    return [{ recording: this.first!, writeInputs: () => {} }, ...parts, last];
  }

  dispose(): void {
    const { device } = this.context;
    this.batches.dispose();
    this.first?.dispose();
    this.last?.dispose();
    for (const tensor of [this.contribution.flat, this.share, this.before]) if (tensor) device.release(tensor);
  }

  private shardsOf(batchSize: number): Shard[] {
    return shardsOf(batchSize, this.context.recipe.shards);
  }

  private ownShards(batchSize: number): Shard[] {
    const { rank, ranks } = this.group;
    return this.shardsOf(batchSize).filter(({ index }) => index % ranks === rank);
  }

  /** Adds up what all shards of a batch contribute, as inputs of the last part of the step. */
  private async writeSum(
    batchSize: number,
    own: ReadonlyMap<number, Promise<Float32Array<ArrayBuffer>>>,
  ): Promise<void> {
    const { contribution, context, group } = this;
    const { device, parameters } = context;
    const shards = this.shardsOf(batchSize).map(({ index }) => index);
    const sum = await group.sum(size(contribution.flat), shards, own);
    let begin = 0;
    for (const tensor of [parameters.gradients, parameters.buffers, contribution.totals]) {
      if (!tensor) continue;
      device.write(tensor, sum.subarray(begin, begin + size(tensor)));
      begin += size(tensor);
    }
    device.write(this.share, Float32Array.of(1));
  }

  private queueFirst(): void {
    const { device, parameters } = this.context;
    if (this.before) copy(device, { source: parameters.buffers!, copy: this.before });
  }

  private queueShard(batch: Batch): void {
    const { before, contribution, share, context } = this;
    const { device, module, parameters, optimizer, recipe, seed, mix, weights } = context;
    const { flat, gradients, buffers, totals } = contribution;
    if (before) copy(device, { source: before, copy: parameters.buffers! });
    fill(device, { filled: flat, value: 0 });
    computeGradients({ device, module, parameters, optimizer, recipe, seed, totals, mix, weights }, batch);
    accumulate(device, { part: parameters.gradients, share, sum: gradients });
    if (buffers) accumulate(device, { part: parameters.buffers!, share, sum: buffers });
  }

  private queueLast(): void {
    const { contribution, share, context } = this;
    accumulate(context.device, { part: contribution.totals, share, sum: context.totals });
    context.optimizer.step();
  }
}
