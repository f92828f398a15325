import { batches, imageSize, loadBatches, type Pictures } from '../data/dataset.ts';
import { distanceConstants, forwardWithFeatures, squaredDistance } from '../nn/feature_space.ts';
import type { Module, Pass } from '../nn/module.ts';
import type { HostTensor, StateDict } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import { createHolding, Resource } from '../runtime/resource.ts';
import { sizeOf, type Tensor } from '../runtime/tensor.ts';
import { fitting } from './batch_size.ts';
import { ConfusionMatrix } from './confusion.ts';
import { LoadedNet, type TrainedNet } from './loaded_net.ts';
import { type ClassProbability, isUnlike, type Prediction } from './prediction.ts';

/** Classification of one picture of a data set. */
export interface Classification {
  /** Index in the data set. */
  readonly index: number;
  readonly label: number;
  /** The most probable class. */
  readonly prediction: number;
  /** Natural logarithm of each class's calibrated probability, [classes]. */
  readonly logProbabilities: Float64Array;
  /** As of `Prediction`. */
  readonly distance?: number;
  /** Pixels 0..255 as [channels, height, width]; valid until the next batch is requested. */
  readonly pixels: Uint8Array;
}

/** Loss and confusion matrix of a net on a data set. */
export interface EvaluationResult {
  /** Mean cross entropy of the calibrated probabilities. */
  readonly loss: number;
  readonly confusion: ConfusionMatrix;
  /** Share of the pictures that are unlike those of training, where the net can tell. */
  readonly unlike?: number;
}

/** What a net computes of a batch. */
interface Outputs {
  readonly logits: Tensor;
  /** Squared, [N,1]. */
  readonly distances?: Tensor;
}

const mapValues = <K extends string, A, B>(record: Readonly<Record<K, A>>, map: (value: A) => B) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value as A)])) as Record<K, B>;

/** A trained net on a device, for one batch size. */
export class Classifier extends Resource {
  private constructor(
    private readonly device: Device,
    private readonly net: TrainedNet,
    readonly batchSize: number,
    private readonly loaded: LoadedNet<Outputs>,
    /** Those of `squaredDistance`. */
    private readonly constants: readonly Tensor[],
  ) {
    super();
  }

  /**
   * Loads the net onto the device and compiles its forward pass.
   * @throws UserError if a batch does not fit into the adapter's memory
   * @throws Error if the state does not match the config
   */
  static async create(device: Device, trained: TrainedNet, batchSize: number): Promise<Classifier> {
    const space = trained.calibration?.space;
    return createHolding(async (hold) => {
      const upload = ({ data, shape }: HostTensor): Tensor => {
        const tensor = device.upload(data, shape);
        hold({ dispose: () => device.release(tensor) });
        return tensor;
      };
      const constants = space && mapValues(distanceConstants(space), upload);
      const forward = (net: Module, pass: Pass, images: Tensor): Outputs => {
        if (!constants) return { logits: net.forward(pass, images) };
        const { y: logits, features } = forwardWithFeatures(net, pass, images);
        return { logits, distances: squaredDistance(pass.tape, features, constants) };
      };
      const loaded = await fitting(batchSize, () => LoadedNet.create(device, trained, batchSize, forward));
      return new Classifier(device, trained, batchSize, loaded, Object.values(constants ?? {}));
    });
  }

  /**
   * Replaces the weights by others of the same net.
   * @throws Error if they do not match the config
   */
  load(state: StateDict): void {
    this.loaded.load(state);
  }

  /** Releases all memory of the net on the device. It must not be used again. */
  dispose(): void {
    this.loaded.dispose();
    for (const tensor of this.constants) this.device.release(tensor);
  }

  get classNames(): readonly string[] {
    return this.net.classNames;
  }

  /** Probabilities are softmax(logits / temperature); 1 for a net that was not calibrated. */
  get temperature(): number {
    return this.net.calibration?.temperature ?? 1;
  }

  /**
   * Classifies up to `batchSize` pictures.
   * @param pixels as of `logits`
   */
  async predict(pixels: Uint8Array, count: number): Promise<Prediction[]> {
    const { classes } = this.net.config;
    const { logits, distances } = await this.outputs(pixels, count);
    return Array.from({ length: count }, (_, i) => ({
      classes: rankClasses(logits.subarray(i * classes, (i + 1) * classes), this.classNames, this.temperature),
      ...this.describeDistance(distances, i),
    }));
  }

  /**
   * Returns the logits [count, classes] of up to `batchSize` pictures.
   * @param pixels 0..255 as [count, channels, size, size]; the rest of the array is ignored
   */
  async logits(pixels: Uint8Array, count: number): Promise<Float32Array> {
    return (await this.outputs(pixels, count)).logits;
  }

  /** The logits, and where the net has a feature space, the squared distances of pictures. */
  private async outputs(pixels: Uint8Array, count: number) {
    const { device, batchSize, loaded, net } = this;
    if (count > batchSize) throw new Error(`logits(): at most ${batchSize} pictures, got ${count}`);
    const batch = new Uint8Array(sizeOf(loaded.pixels.shape));
    batch.set(pixels.subarray(0, (count * batch.length) / batchSize));
    const outputs = loaded.run(batch);
    const [logits, distances] = await Promise.all([
      device.read(outputs.logits),
      outputs.distances && device.read(outputs.distances),
    ]);
    return { logits: logits.subarray(0, count * net.config.classes), distances };
  }

  private describeDistance(squares: Float32Array | undefined, i: number): Pick<Prediction, 'distance'> {
    const { space } = this.net.calibration ?? {};
    return squares && space ? { distance: Math.sqrt(squares[i] / space.threshold) } : {};
  }

  /** Classifies the first `count` pictures of a data set, batch by batch. */
  async *classify(pictures: Pictures, count = pictures.length): AsyncGenerator<Classification[]> {
    const { batchSize, net } = this;
    const { classes } = net.config;
    const pixelCount = imageSize(pictures);
    let first = 0;
    for await (const batch of loadBatches(pictures, batchSize, batches(count, batchSize))) {
      const { logits, distances } = await this.outputs(batch.images, batch.count);
      yield Array.from({ length: batch.count }, (_, i) => {
        const logProbabilities = logSoftmax(logits.subarray(i * classes, (i + 1) * classes), this.temperature);
        const pixels = batch.images.subarray(i * pixelCount, (i + 1) * pixelCount);
        return {
          ...{ index: first + i, label: batch.labels[i], prediction: argmax(logProbabilities) },
          ...{ logProbabilities, pixels, ...this.describeDistance(distances, i) },
        };
      });
      first += batch.count;
    }
  }

  /** Classifies a whole data set. `onBatch` is called after each batch, with the number of pictures that are done. */
  async evaluate(
    pictures: Pictures,
    onBatch?: (done: number, batch: readonly Classification[]) => void,
  ): Promise<EvaluationResult> {
    const confusion = new ConfusionMatrix(this.classNames);
    let loss = 0;
    let done = 0;
    let unlike = 0;
    for await (const batch of this.classify(pictures)) {
      for (const { label, prediction, logProbabilities, distance } of batch) {
        loss -= logProbabilities[label];
        confusion.add(label, prediction);
        if (isUnlike({ distance })) unlike++;
      }
      done += batch.length;
      onBatch?.(done, batch);
    }
    const { length } = pictures;
    return { loss: loss / length, confusion, ...(this.net.calibration?.space && { unlike: unlike / length }) };
  }
}

/** Returns all classes with their probabilities, softmax(logits / temperature), the most probable first. */
export const rankClasses = (logits: Float32Array, classNames: readonly string[], temperature = 1): ClassProbability[] =>
  [...softmax(logits, temperature)]
    .map((probability, label) => ({ class: classNames[label], probability }))
    .sort((a, b) => b.probability - a.probability);

/** Returns softmax(logits / temperature): probabilities that add up to 1. */
export const softmax = (logits: Float32Array, temperature = 1): Float64Array =>
  logSoftmax(logits, temperature).map(Math.exp);

function logSoftmax(logits: Float32Array, temperature: number): Float64Array {
  const largest = Math.max(...logits);
  const scaled = Float64Array.from(logits, (logit) => (logit - largest) / temperature);
  const sum = scaled.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return scaled.map((logit) => logit - Math.log(sum));
}

const argmax = (values: Float64Array) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
