import { batches, imageSize, loadBatches, type Pictures, type Splits } from '../data/dataset.ts';
import { fingerprint } from '../data/fingerprint.ts';
import { Random } from '../data/random.ts';
import { AdamW } from '../nn/adamw.ts';
import type { Pass } from '../nn/module.ts';
import { ParameterSet, type StateDict } from '../nn/parameters.ts';
import { OneCycle } from '../nn/schedule.ts';
import type { Device } from '../runtime/device.ts';
import { UserError } from '../runtime/errors.ts';
import { profile, type Span } from '../runtime/profile.ts';
import type { Recording } from '../runtime/recording.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { YYNet } from '../yinyang/yynet.ts';
import { fitting } from './batch_size.ts';
import type { Checkpoint, Position } from './checkpoint.ts';
import { Evaluation } from './evaluation.ts';
import { checkHealth } from './health.ts';
import type { EpochMetrics, Limits, Progress, TrainingHooks } from './hooks.ts';
import { InFlight } from './in_flight.ts';
import { Meter, type Reading } from './meter.ts';
import type { Profile } from './profile.ts';
import type { Recipe } from './recipe.ts';
import { requireFitting, requirePrecision, type StepContext, trainingStep } from './step.ts';

/** Where training begins: anew from a seed, or where a checkpoint's training stopped. */
export type Start = { readonly seed: number } | { readonly from: Checkpoint };

/** A recorded training step for one batch size, with its inputs. */
interface Step {
  readonly pixels: Tensor;
  readonly targets: Tensor;
  readonly recording: Recording<unknown>;
}

// Independent random streams of one seed.
const INITIALISATION = 1;
const ORDER = 2;

/** Trains a net on a data set by a recipe. The same seed on the same adapter gives the same bits, stopped and resumed or not. */
export class Trainer implements StepContext {
  readonly parameters: ParameterSet;
  readonly optimizer: AdamW;
  private readonly schedule: OneCycle;
  private readonly random: Random;
  readonly seed: Tensor;
  /** Σ loss and number of correct answers since the epoch began. */
  readonly totals: Tensor;
  /** One recording for full batches, one for the smaller batch at an epoch's end. */
  private readonly steps = new Map<number, Step>();
  private evaluation!: Evaluation;
  private position: Position;

  private constructor(
    readonly device: Device,
    readonly net: YYNet,
    private readonly data: Splits<Pictures>,
    readonly recipe: Recipe,
    private readonly seedNumber: number,
    private readonly fingerprint: string,
  ) {
    const { amsgrad, maxNorm, averageDecay, learningRate, epochs, precision } = recipe;
    this.parameters = new ParameterSet(device, net, new Random(seedNumber, INITIALISATION));
    this.optimizer = new AdamW(device, this.parameters, {
      ...{ amsgrad, maxNorm, averageDecay },
      scaled: precision === 'mixed',
    });
    this.schedule = new OneCycle(learningRate, epochs * this.stepsPerEpoch);
    this.random = new Random(seedNumber, ORDER);
    this.position = { epoch: 1, batch: 0, step: 0, order: this.random.getState(), best: 0 };
    this.seed = device.tensor([2], 'u32');
    this.totals = device.upload(new Float32Array(2), [2]);
  }

  /**
   * Initialises the net and records and compiles its steps.
   * @param recipe where a checkpoint is resumed, the one in it
   * @throws UserError where the adapter lacks what the recipe's precision needs, the recipe is for other pictures, a batch
   * does not fit into memory, or a checkpoint cannot be resumed
   */
  static async create(
    device: Device,
    net: YYNet,
    data: Splits<Pictures>,
    recipe: Recipe,
    start: Start,
  ): Promise<Trainer> {
    requirePrecision(device, recipe.precision);
    const seed = 'from' in start ? start.from.seed : start.seed;
    const trainer = new Trainer(device, net, data, recipe, seed, await fingerprint(data.train));
    if ('from' in start) trainer.resume(start.from);
    requireFitting(recipe, data.train);
    await fitting(Math.min(recipe.batchSize, data.train.length), () => trainer.prepare());
    return trainer;
  }

  /** Records and compiles the steps and the evaluation. */
  private async prepare(): Promise<void> {
    const { device, net, parameters, optimizer, recipe } = this;
    const { train, validation } = this.data;
    const sizes = new Set([Math.min(recipe.batchSize, train.length), train.length % recipe.batchSize]);
    sizes.delete(0);
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
    // Together, so that what compiles is not waited for one after another.
    [this.evaluation] = await Promise.all([evaluation, ...[...sizes].map((size) => this.record(size))]);
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.data.train.length / this.recipe.batchSize);
  }

  /** Steps taken since the beginning. */
  get step(): number {
    return this.position.step;
  }

  /** Whether all epochs are done. */
  get finished(): boolean {
    return this.position.epoch > this.recipe.epochs;
  }

  /** The averaged weights, which evaluation uses, and the running statistics. */
  stateDict(): Promise<StateDict> {
    return this.parameters.stateDict(this.optimizer.average);
  }

  /** All that is needed to use the net as it is now, and to go on. Between steps: in a hook, or when no `run` is under way. */
  async checkpoint(): Promise<Checkpoint> {
    const { device, net, parameters, optimizer, recipe, seedNumber: seed, position } = this;
    return {
      ...{ config: net.config, recipe, seed, fingerprint: this.fingerprint },
      classNames: this.data.train.classes,
      state: await this.stateDict(),
      training: {
        position,
        weights: await parameters.vectorDict(parameters.values),
        optimizer: await optimizer.state(),
        totals: await device.read(this.totals),
      },
    };
  }

  private resume({ training, state, fingerprint }: Checkpoint): void {
    if (!training) throw new UserError('The checkpoint holds a net, but no training that could go on.');
    if (fingerprint !== this.fingerprint) {
      throw new UserError('The training pictures are not those that the checkpoint was trained on.');
    }
    const { device, parameters, optimizer } = this;
    parameters.using(optimizer.average, () => parameters.loadStateDict(state));
    parameters.loadVectorDict(parameters.values, training.weights);
    optimizer.load(training.optimizer);
    device.write(this.totals, training.totals);
    this.position = training.position;
  }

  /**
   * Trains all epochs that are left, or up to a limit. Can be called again to go on.
   * @returns the last finished epoch's metrics, if there is one
   * @throws DivergedError if the loss or a gradient is not finite
   */
  async run(hooks: TrainingHooks = {}, limits: Limits = {}): Promise<EpochMetrics | undefined> {
    const { maxSteps = Number.POSITIVE_INFINITY, signal } = limits;
    let metrics: EpochMetrics | undefined;
    while (!this.finished && this.position.step < maxSteps && !signal?.aborted) {
      const epoch = await this.epoch(hooks, maxSteps, signal);
      if (!epoch) break;
      metrics = epoch;
      await hooks.onEpoch?.(metrics);
    }
    return metrics;
  }

  /** Trains what is left of an epoch and evaluates it. Returns nothing if it was stopped. */
  private async epoch(hooks: TrainingHooks, maxSteps: number, signal?: AbortSignal): Promise<EpochMetrics | undefined> {
    const { data } = this;
    const { epoch } = this.position;
    const meter = new Meter();
    const report = (phase: Progress['phase'], images: number, of: number) =>
      hooks.onProgress?.({ ...this.progress(meter), phase, images, of });

    await this.train(meter, hooks, (images) => report('train', images, data.train.length), maxSteps, signal);
    if (signal?.aborted) return undefined;
    const score = await this.evaluation.run((images) => report('validate', images, data.validation.length), signal);
    if (!score) return undefined;
    const best = Math.max(this.position.best, score.accuracy);
    this.position = { ...this.position, best };
    const { step, batch } = this.position;
    if (batch === this.stepsPerEpoch) {
      this.position = { ...this.position, epoch: epoch + 1, batch: 0, order: this.random.getState() };
      this.device.write(this.totals, new Float32Array(2));
    }
    return {
      epoch,
      step,
      train_loss: meter.reading!.loss,
      train_accuracy: meter.reading!.accuracy,
      val_loss: score.loss,
      val_accuracy: score.accuracy,
      best_accuracy: best,
      learning_rate: this.schedule.at(step - 1).learningRate,
      weight_decay: this.weightDecay(epoch),
      images_per_second: meter.imagesPerSecond,
      ...(await this.lossScale()),
    };
  }

  /** Trains the batches of the epoch that are left. */
  private async train(
    meter: Meter,
    { onProgress, onStep }: TrainingHooks,
    report: (images: number) => void,
    maxSteps: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const { device, data, recipe, random } = this;
    const inFlight = new InFlight(device);
    const weightDecay = this.weightDecay(this.position.epoch);
    random.setState(this.position.order);
    const order = [...batches(data.train.length, recipe.batchSize, random)].slice(this.position.batch);
    for await (const { images, labels, count } of loadBatches(data.train, recipe.batchSize, order)) {
      if (this.position.step >= maxSteps || signal?.aborted) break;
      this.load(count, images, labels, { ...this.schedule.at(this.position.step), weightDecay }).run();
      this.position = { ...this.position, batch: this.position.batch + 1 };
      await inFlight.add();
      meter.add(count);
      if (onProgress && meter.due) meter.read(await this.readings());
      report(this.seen);
      await meter.pause(onStep?.(this.position.step), inFlight.latest);
    }
    meter.read(await this.readings());
    meter.stop();
  }

  /** Images trained on since the epoch began. */
  private get seen(): number {
    return Math.min(this.position.batch * this.recipe.batchSize, this.data.train.length);
  }

  /** Of an epoch: the factor times the learning rate as the epoch began, and for the first the largest one. */
  private weightDecay(epoch: number): number {
    const { weightDecayFactor, learningRate } = this.recipe;
    const start = (epoch - 1) * this.stepsPerEpoch;
    return weightDecayFactor * (epoch === 1 ? learningRate : this.schedule.at(start).learningRate);
  }

  /** @throws DivergedError if the loss or a gradient was not finite since the epoch began */
  private async readings(): Promise<Reading> {
    const { device, seen } = this;
    const [loss, correct] = await device.read(this.totals);
    checkHealth({ loss, guard: await device.read(this.optimizer.guard), step: this.position.step }, this.recipe);
    return { loss: loss / seen, accuracy: correct / seen };
  }

  private progress(meter: Meter) {
    const { recipe, stepsPerEpoch } = this;
    const { epoch, step } = this.position;
    const { imagesPerSecond } = meter;
    const left = (recipe.epochs - epoch + 1) * this.data.train.length - this.seen;
    return {
      ...{ epoch, epochs: recipe.epochs, step, steps: recipe.epochs * stepsPerEpoch },
      ...{ imagesPerSecond, secondsLeft: imagesPerSecond && left / imagesPerSecond, ...meter.reading },
      learningRate: this.schedule.at(step - 1).learningRate,
    };
  }

  private async lossScale() {
    if (this.recipe.precision !== 'mixed') return {};
    const [loss_scale, , skipped_steps] = await this.device.read(this.optimizer.guard);
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
    const weightDecay = this.weightDecay(1);
    const next = () => this.load(size, images, labels, { ...this.schedule.at(this.position.step), weightDecay });
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
    this.device.write(this.seed, new Uint32Array([this.seedNumber, this.position.step]));
    this.optimizer.prepare(settings);
    this.position = { ...this.position, step: this.position.step + 1 };
    return recording;
  }

  /** Records the step for batches of one size. */
  private async record(size: number): Promise<void> {
    const { device } = this;
    const { channels, height, width } = this.data.train;
    const pixels = device.tensor([size, channels, height, width], 'u8');
    const targets = device.tensor([size], 'i32');
    const recording = await device.record(() => trainingStep(this, { pixels, targets }));
    this.steps.set(size, { pixels, targets, recording });
  }
}

/** The first pictures of a set, as a batch. */
async function firstOf(pictures: Pictures, size: number) {
  for await (const batch of loadBatches(pictures, size, batches(size, size))) return batch;
  throw new Error('profile(): there must be a picture to train on');
}
