import { normalize } from '../../kernels/augment/launch.ts';
import { score } from '../../kernels/cross_entropy/launch.ts';
import { Tape } from '../autograd/tape.ts';
import { batches, loadBatches, type PictureBatch, type Pictures } from '../data/dataset.ts';
import type { Normalisation } from '../inference/loaded_net.ts';
import type { FoldedWeights, Module } from '../nn/module.ts';
import type { Device } from '../runtime/device.ts';
import type { Recording } from '../runtime/recording.ts';
import { createHolding, Resource } from '../runtime/resource.ts';
import type { Group } from './group.ts';
import { InFlight } from './in_flight.ts';

/** Means over a data set. */
export interface Score {
  readonly loss: number;
  /** Share of images whose largest logit is that of their class. */
  readonly accuracy: number;
}

/** The target of the unused places of the last batch. */
const NO_LABEL = -1;

/** Scores a net on a data set in evaluation mode: one recorded forward pass with folded batch norms, replayed per batch. */
export class Evaluation extends Resource {
  private constructor(
    private readonly device: Device,
    private readonly dataset: Pictures,
    private readonly batchSize: number,
    private readonly tensors: ReturnType<typeof inputs>,
    private readonly folding: Recording<FoldedWeights>,
    private readonly recording: Recording<unknown>,
    private readonly group?: Group,
  ) {
    super();
  }

  /**
   * Records the folding of the net's weights and its forward pass.
   * @param group the processes that share out the batches; the score does not depend on their number
   */
  static async record(
    device: Device,
    net: Pick<Module, 'foldBatchNorm' | 'forward'>,
    dataset: Pictures,
    batchSize: number,
    { mean, std }: Normalisation,
    group?: Group,
  ): Promise<Evaluation> {
    return createHolding(async (hold) => {
      const tensors = inputs(device, dataset, batchSize);
      for (const tensor of Object.values(tensors)) hold({ dispose: () => device.release(tensor) });
      const { pixels, targets, totals } = tensors;
      const folding = hold(await device.record(() => net.foldBatchNorm(device)));
      const recording = await device.record(() => {
        const images = device.tensor(pixels.shape);
        normalize(device, { pixels, images, mean, std });
        const logits = net.forward({ tape: new Tape(device), training: false, folded: folding.result }, images);
        score(device, { logits, targets, totals });
      });
      return new Evaluation(device, dataset, batchSize, tensors, folding, recording, group);
    });
  }

  /**
   * Scores the whole data set with the current weights.
   * @param onBatch called with the number of images done so far
   * @returns undefined if `signal` stopped it
   */
  async run(onBatch?: (images: number) => void): Promise<Score>;
  async run(onBatch?: (images: number) => void, signal?: AbortSignal): Promise<Score | undefined>;
  async run(onBatch?: (images: number) => void, signal?: AbortSignal): Promise<Score | undefined> {
    const { device, dataset, batchSize, group } = this;
    this.folding.run();
    if (group) return this.runShared(group, onBatch, signal);
    const { totals } = this.tensors;
    const inFlight = new InFlight(device);
    device.write(totals, new Float32Array(2));
    let done = 0;
    const order = batches(dataset.length, batchSize);
    for await (const batch of loadBatches(dataset, batchSize, order)) {
      if (signal?.aborted) return undefined;
      this.scoreBatch(batch);
      await inFlight.add();
      done += batch.count;
      onBatch?.(done);
    }
    await inFlight.latest;
    const [loss, correct] = await device.read(totals);
    return { loss: loss / dataset.length, accuracy: correct / dataset.length };
  }

  /** Scores every `ranks`-th batch here, and adds the sums of all batches in their order. */
  private async runShared(
    group: Group,
    onBatch?: (images: number) => void,
    signal?: AbortSignal,
  ): Promise<Score | undefined> {
    const { device, dataset, batchSize } = this;
    const { totals } = this.tensors;
    const { rank, ranks } = group;
    const all = [...batches(dataset.length, batchSize)];
    const own = loadBatches(
      dataset,
      batchSize,
      all.filter((_, i) => i % ranks === rank),
    );
    let [loss, correct] = [0, 0];
    for (let begin = 0; begin < all.length; begin += ranks) {
      device.write(totals, new Float32Array(2));
      const { value: batch } = await own.next();
      if (batch) this.scoreBatch(batch);
      for (const sums of await group.gather(await device.read(totals))) {
        loss += sums[0];
        correct += sums[1];
      }
      if (signal?.aborted) return undefined;
      onBatch?.(Math.min(dataset.length, (begin + ranks) * batchSize));
    }
    return { loss: loss / dataset.length, accuracy: correct / dataset.length };
  }

  /** Adds the sums of a batch to the totals. */
  private scoreBatch({ images, labels, count }: PictureBatch): void {
    const { device } = this;
    const { pixels, targets } = this.tensors;
    labels.fill(NO_LABEL, count);
    device.write(pixels, images);
    device.write(targets, labels);
    this.recording.run();
  }

  /** Releases the recordings and the input tensors. */
  dispose(): void {
    this.recording.dispose();
    this.folding.dispose();
    for (const tensor of Object.values(this.tensors)) this.device.release(tensor);
  }
}

function inputs(device: Device, { channels, height, width }: Pictures, batchSize: number) {
  return {
    pixels: device.tensor([batchSize, channels, height, width], 'u8'),
    targets: device.tensor([batchSize], 'i32'),
    totals: device.tensor([2]),
  };
}
