import { normalize } from '../../kernels/augment/launch.ts';
import { score } from '../../kernels/cross_entropy/launch.ts';
import { Tape } from '../autograd/tape.ts';
import { batches, loadBatches, type Pictures } from '../data/dataset.ts';
import type { Folded, Module } from '../nn/module.ts';
import type { Device } from '../runtime/device.ts';
import type { Recording } from '../runtime/recording.ts';
import { InFlight } from './in_flight.ts';

/** Means over a data set. */
export interface Score {
  readonly loss: number;
  /** Share of images whose largest logit is that of their class. */
  readonly accuracy: number;
}

/** Per channel, on pixels from 0 to 1. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Marks a place of the last batch that holds no image. */
const NO_LABEL = -1;

/** Scores a net on a data set in evaluation mode, with one recorded forward pass on folded weights for all batches. */
export class Evaluation {
  private constructor(
    private readonly device: Device,
    private readonly dataset: Pictures,
    private readonly batchSize: number,
    private readonly tensors: ReturnType<typeof inputs>,
    private readonly folding: Recording<Folded>,
    private readonly recording: Recording<unknown>,
  ) {}

  /** Records the folding of the net's weights and its forward pass. */
  static async record(
    device: Device,
    net: Pick<Module, 'fold' | 'forward'>,
    dataset: Pictures,
    batchSize: number,
    { mean, std }: Normalisation,
  ): Promise<Evaluation> {
    const tensors = inputs(device, dataset, batchSize);
    const { pixels, targets, totals } = tensors;
    const folding = await device.record(() => net.fold(device));
    const recording = await device.record(() => {
      const images = device.tensor(pixels.shape);
      normalize(device, { pixels, images, mean, std });
      const logits = net.forward({ tape: new Tape(device), training: false, folded: folding.result }, images);
      score(device, { logits, targets, totals });
    });
    return new Evaluation(device, dataset, batchSize, tensors, folding, recording);
  }

  /**
   * Runs over the whole data set with the weights as they are now. `onBatch` hears how many images are done.
   * @returns nothing where `signal` stopped it
   */
  async run(onBatch?: (images: number) => void): Promise<Score>;
  async run(onBatch?: (images: number) => void, signal?: AbortSignal): Promise<Score | undefined>;
  async run(onBatch?: (images: number) => void, signal?: AbortSignal): Promise<Score | undefined> {
    const { device, dataset, batchSize } = this;
    const { pixels, targets, totals } = this.tensors;
    const inFlight = new InFlight(device);
    device.write(totals, new Float32Array(2));
    this.folding.run();
    let done = 0;
    const order = batches(dataset.length, batchSize);
    for await (const { images, labels, count } of loadBatches(dataset, batchSize, order)) {
      if (signal?.aborted) return undefined;
      labels.fill(NO_LABEL, count);
      device.write(pixels, images);
      device.write(targets, labels);
      this.recording.run();
      await inFlight.add();
      done += count;
      onBatch?.(done);
    }
    const [loss, correct] = await device.read(totals);
    return { loss: loss / dataset.length, accuracy: correct / dataset.length };
  }
}

function inputs(device: Device, { channels, height, width }: Pictures, batchSize: number) {
  return {
    pixels: device.tensor([batchSize, channels, height, width], 'u8'),
    targets: device.tensor([batchSize], 'i32'),
    totals: device.tensor([2]),
  };
}
