import { batches, imageSize, loadBatches, type Pictures, type Splits } from '../data/dataset.ts';
import { Random } from '../data/random.ts';
import { AdamW } from '../nn/adamw.ts';
import type { Module, Pass } from '../nn/module.ts';
import { ParameterSet, type StateDict } from '../nn/parameters.ts';
import { OneCycle } from '../nn/schedule.ts';
import type { Device } from '../runtime/device.ts';
import { profile, type Span } from '../runtime/profile.ts';
import type { Recording } from '../runtime/recording.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { Evaluation } from './evaluation.ts';
import { InFlight } from './in_flight.ts';
import type { Profile } from './profile.ts';
import type { Recipe } from './recipe.ts';
import { requirePrecision, type StepContext, trainingStep } from './step.ts';

/** One line of metrics.jsonl. */
export interface EpochMetrics {
  readonly epoch: number;
  /** Steps taken since the beginning. */
  readonly step: number;
  /** Mean over the epoch's images, each at the time of its step. */
  readonly train_loss: number;
  readonly val_loss: number;
  readonly val_accuracy: number;
  /** In force at the epoch's last step. */
  readonly learning_rate: number;
  /** In force during the epoch. */
  readonly weight_decay: number;
  /** Training only, without evaluation and compilation. */
  readonly images_per_second: number;
  /** In mixed precision: what the loss is multiplied with by now, and the steps skipped so far because f16 overflowed. */
  readonly loss_scale?: number;
  readonly skipped_steps?: number;
}

/** How far training is. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  readonly phase: 'train' | 'validate';
  readonly images: number;
  readonly of: number;
  readonly imagesPerSecond: number;
  /** Mean training loss of the epoch so far, as of the last readback. */
  readonly loss?: number;
}

export interface TrainingHooks {
  onProgress?(progress: Progress): void;
  /** Called, and awaited, after each epoch's evaluation. */
  onEpoch?(metrics: EpochMetrics): void | Promise<void>;
}

/** A recorded training step for one batch size, with its inputs. */
interface Step {
  readonly pixels: Tensor;
  readonly targets: Tensor;
  readonly recording: Recording<unknown>;
}

/** Readbacks of the loss for the progress line are this far apart, in milliseconds. */
const LOSS_INTERVAL = 1000;

// Independent random streams of one seed.
const INITIALISATION = 1;
const ORDER = 2;

/** Trains a net on a data set by a recipe. The same seed on the same adapter gives the same bits. */
export class Trainer implements StepContext {
  readonly parameters: ParameterSet;
  readonly optimizer: AdamW;
  private readonly schedule: OneCycle;
  private readonly order: Random;
  readonly seed: Tensor;
  /** Σ loss and number of correct answers since the epoch began. */
  readonly totals: Tensor;
  private readonly upstream: Tensor;
  /** One recording for full batches, one for the smaller batch at an epoch's end. */
  private readonly steps = new Map<number, Step>();
  private evaluation!: Evaluation;
  private step = 0;

  private constructor(
    readonly device: Device,
    readonly net: Module,
    private readonly data: Splits<Pictures>,
    readonly recipe: Recipe,
    private readonly seedNumber: number,
  ) {
    const { amsgrad, maxNorm, averageDecay, learningRate, epochs, precision } = recipe;
    this.parameters = new ParameterSet(device, net, new Random(seedNumber, INITIALISATION));
    this.optimizer = new AdamW(device, this.parameters, {
      ...{ amsgrad, maxNorm, averageDecay },
      scaled: precision === 'mixed',
    });
    this.schedule = new OneCycle(learningRate, epochs * this.stepsPerEpoch);
    this.order = new Random(seedNumber, ORDER);
    this.seed = device.tensor([2], 'u32');
    this.totals = device.tensor([2]);
    this.upstream = device.upload(new Float32Array([1]), [1]);
  }

  /**
   * Initialises the net and records and compiles its steps.
   * @throws UserError where the adapter lacks what the recipe's precision needs
   */
  static async create(
    device: Device,
    net: Module,
    data: Splits<Pictures>,
    recipe: Recipe,
    seed: number,
  ): Promise<Trainer> {
    requirePrecision(device, recipe.precision);
    const trainer = new Trainer(device, net, data, recipe, seed);
    const { train, validation } = data;
    const sizes = new Set([Math.min(recipe.batchSize, train.length), train.length % recipe.batchSize]);
    sizes.delete(0);
    const { parameters, optimizer } = trainer;
    const averaged = {
      fold: () => parameters.using(optimizer.average, () => net.fold(device)),
      forward: (pass: Pass, x: Tensor) => parameters.using(optimizer.average, () => net.forward(pass, x)),
    };
    const evaluation = Evaluation.record(
      device,
      averaged,
      validation,
      Math.min(recipe.batchSize, validation.length),
      recipe,
    );
    await Promise.all([...sizes].map((size) => trainer.record(size)));
    trainer.evaluation = await evaluation;
    return trainer;
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.data.train.length / this.recipe.batchSize);
  }

  /** The averaged weights, which evaluation uses, and the running statistics. */
  stateDict(): Promise<StateDict> {
    return this.parameters.stateDict(this.optimizer.average);
  }

  /** Trains all epochs, or `maxSteps` steps of them. Returns the last epoch's metrics. */
  async run(hooks: TrainingHooks = {}, maxSteps = Number.POSITIVE_INFINITY): Promise<EpochMetrics> {
    const { epochs, weightDecayFactor, learningRate } = this.recipe;
    let weightDecay = weightDecayFactor * learningRate;
    for (let epoch = 1; ; epoch++) {
      const metrics = await this.epoch(epoch, weightDecay, maxSteps, hooks);
      await hooks.onEpoch?.(metrics);
      if (epoch === epochs || this.step >= maxSteps) return metrics;
      // By then the schedule has moved on to the next step.
      weightDecay = weightDecayFactor * this.schedule.at(this.step).learningRate;
    }
  }

  private async epoch(
    epoch: number,
    weightDecay: number,
    maxSteps: number,
    { onProgress }: TrainingHooks,
  ): Promise<EpochMetrics> {
    const { device, data, recipe } = this;
    const inFlight = new InFlight(device);
    const report = (phase: Progress['phase'], pictures: Pictures, done: number) =>
      onProgress?.({
        epoch,
        epochs: recipe.epochs,
        phase,
        images: done,
        of: pictures.length,
        imagesPerSecond: rate(),
        loss,
      });
    device.write(this.totals, new Float32Array(2));
    let seen = 0;
    let loss: number | undefined;
    let lossRead = performance.now();
    let learning_rate = 0;
    const start = performance.now();
    let seconds: number | undefined;
    const rate = () => seen / (seconds ?? (performance.now() - start) / 1000);

    const order = batches(data.train.length, recipe.batchSize, this.order);
    for await (const { images, labels, count } of loadBatches(data.train, recipe.batchSize, order)) {
      if (this.step >= maxSteps) break;
      const { learningRate, beta1 } = this.schedule.at(this.step);
      learning_rate = learningRate;
      this.load(count, images, labels, { learningRate, beta1, weightDecay }).run();
      seen += count;
      await inFlight.add();
      if (onProgress && performance.now() - lossRead > LOSS_INTERVAL) {
        loss = (await device.read(this.totals))[0] / seen;
        lossRead = performance.now();
      }
      report('train', data.train, seen);
    }
    const [total] = await device.read(this.totals);
    seconds = (performance.now() - start) / 1000;
    loss = total / seen;
    const { loss: val_loss, accuracy: val_accuracy } = await this.evaluation.run((done) =>
      report('validate', data.validation, done),
    );
    return {
      epoch,
      step: this.step,
      train_loss: loss,
      val_loss,
      val_accuracy,
      learning_rate,
      weight_decay: weightDecay,
      images_per_second: rate(),
      ...(await this.lossScale()),
    };
  }

  private async lossScale() {
    const { lossScale } = this.optimizer;
    if (!lossScale) return {};
    const [loss_scale, , skipped_steps] = await this.device.read(lossScale);
    return { loss_scale, skipped_steps };
  }

  /**
   * Times each dispatch of `steps` steps on a full batch, after one untimed step: some adapters compile a kernel when it
   * first runs. The net is trained by it.
   */
  async profile(steps: number): Promise<Profile> {
    const { device, data, recipe } = this;
    const size = Math.min(recipe.batchSize, data.train.length);
    const { images, labels } = await firstOf(data.train, size);
    const weightDecay = recipe.weightDecayFactor * recipe.learningRate;
    const next = () => this.load(size, images, labels, { ...this.schedule.at(this.step), weightDecay });
    next().run();
    const runs: Span[][] = [];
    for (let i = 0; i < steps; i++) runs.push(await profile(device, next()));
    return { commands: this.steps.get(size)!.recording.commands, runs };
  }

  /** Writes what one step on the first `size` of the images reads. Returns the recording that takes it. */
  private load(
    size: number,
    images: Uint8Array,
    labels: Int32Array,
    settings: { learningRate: number; weightDecay: number; beta1: number },
  ): Recording<unknown> {
    const { pixels, targets, recording } = this.steps.get(size)!;
    this.device.write(pixels, images.subarray(0, size * imageSize(this.data.train)));
    this.device.write(targets, labels.subarray(0, size));
    this.device.write(this.seed, new Uint32Array([this.seedNumber, this.step]));
    this.optimizer.prepare(settings);
    this.step++;
    return recording;
  }

  /** Records the step for batches of one size. */
  private async record(size: number): Promise<void> {
    const { device, upstream } = this;
    const { channels, height, width } = this.data.train;
    const pixels = device.tensor([size, channels, height, width], 'u8');
    const targets = device.tensor([size], 'i32');
    const recording = await device.record(() => trainingStep(this, { pixels, targets }, upstream));
    this.steps.set(size, { pixels, targets, recording });
  }
}

/** The first pictures of a set, as a batch. */
async function firstOf(pictures: Pictures, size: number) {
  for await (const batch of loadBatches(pictures, size, batches(size, size))) return batch;
  throw new Error('profile(): there must be a picture to train on');
}
