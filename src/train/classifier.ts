import { batches, imageSize, loadBatches, type Pictures } from '../data/dataset.ts';
import type { StateDict } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import { sizeOf, type Tensor } from '../runtime/tensor.ts';
import { fitting } from './batch_size.ts';
import { ConfusionMatrix } from './confusion.ts';
import { LoadedNet, type TrainedNet } from './loaded_net.ts';

/** What a net makes of one picture of a data set. */
export interface Classified {
  /** Place in the data set. */
  readonly index: number;
  readonly label: number;
  /** The likeliest class. */
  readonly prediction: number;
  /** Of every class, natural. */
  readonly logProbabilities: Float64Array;
  /** 0..255 as [channels, height, width], until the next batch is asked for. */
  readonly pixels: Uint8Array;
}

/** How a classifier does on a data set. */
export interface Verdict {
  /** Mean cross entropy. */
  readonly loss: number;
  readonly confusion: ConfusionMatrix;
}

/** A trained net ready for use, for one size of batch. */
export class Classifier {
  private constructor(
    private readonly device: Device,
    private readonly net: TrainedNet,
    readonly batchSize: number,
    private readonly loaded: LoadedNet<Tensor>,
  ) {}

  /**
   * Loads the net onto the device and compiles its forward pass.
   * @throws UserError where a batch does not fit into the adapter's memory
   * @throws Error where the state does not fit the config
   */
  static async create(device: Device, trained: TrainedNet, batchSize: number): Promise<Classifier> {
    const loaded = await fitting(batchSize, () =>
      LoadedNet.create(device, trained, batchSize, (net, pass, images) => net.forward(pass, images)),
    );
    return new Classifier(device, trained, batchSize, loaded);
  }

  /**
   * Takes other weights of the same net, as training goes on.
   * @throws Error where they do not fit the config
   */
  load(state: StateDict): void {
    this.loaded.load(state);
  }

  get classNames(): readonly string[] {
    return this.net.classNames;
  }

  /**
   * The logits [count, classes] of up to `batchSize` pictures.
   * @param pixels 0..255 as [count, channels, size, size]; what follows them is ignored
   */
  async logits(pixels: Uint8Array, count: number): Promise<Float32Array> {
    const { device, batchSize, loaded, net } = this;
    if (count > batchSize) throw new Error(`logits(): at most ${batchSize} pictures, got ${count}`);
    const batch = new Uint8Array(sizeOf(loaded.pixels.shape));
    batch.set(pixels.subarray(0, (count * batch.length) / batchSize));
    return (await device.read(loaded.run(batch))).subarray(0, count * net.config.classes);
  }

  /** Classifies the first `count` pictures of a data set, batch by batch. */
  async *classify(pictures: Pictures, count = pictures.length): AsyncGenerator<Classified[]> {
    const { batchSize, net } = this;
    const { classes } = net.config;
    const pixelsEach = imageSize(pictures);
    let first = 0;
    for await (const batch of loadBatches(pictures, batchSize, batches(count, batchSize))) {
      const logits = await this.logits(batch.images, batch.count);
      yield Array.from({ length: batch.count }, (_, i) => {
        const logProbabilities = logSoftmax(logits.subarray(i * classes, (i + 1) * classes));
        const pixels = batch.images.subarray(i * pixelsEach, (i + 1) * pixelsEach);
        return {
          ...{ index: first + i, label: batch.labels[i], prediction: argmax(logProbabilities) },
          ...{ logProbabilities, pixels },
        };
      });
      first += batch.count;
    }
  }

  /** Classifies a whole data set. `onBatch` hears how many pictures are done. */
  async evaluate(pictures: Pictures, onBatch?: (done: number) => void): Promise<Verdict> {
    const confusion = new ConfusionMatrix(this.classNames);
    let loss = 0;
    let done = 0;
    for await (const batch of this.classify(pictures)) {
      for (const { label, prediction, logProbabilities } of batch) {
        loss -= logProbabilities[label];
        confusion.add(label, prediction);
      }
      done += batch.length;
      onBatch?.(done);
    }
    return { loss: loss / pictures.length, confusion };
  }
}

/** What a net may take a picture for. */
export interface Guess {
  readonly class: string;
  readonly probability: number;
}

/** All classes with their probabilities, the most probable first. */
export const likeliest = (logits: Float32Array, classNames: readonly string[]): Guess[] =>
  [...softmax(logits)]
    .map((probability, label) => ({ class: classNames[label], probability }))
    .sort((a, b) => b.probability - a.probability);

/** Probabilities that add up to 1. */
export const softmax = (logits: Float32Array): Float64Array => logSoftmax(logits).map(Math.exp);

function logSoftmax(logits: Float32Array): Float64Array {
  const largest = Math.max(...logits);
  const sum = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return Float64Array.from(logits, (logit) => logit - largest - Math.log(sum));
}

const argmax = (values: Float64Array) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
