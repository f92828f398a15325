import { batches, loadBatches, type Pictures, type Splits } from '../data/dataset.ts';
import { fingerprint } from '../data/fingerprint.ts';
import { Random } from '../data/random.ts';
import { batchTooLarge, fitting, fittingSize } from '../inference/batch_size.ts';
import type { Net, NetConfig } from '../nn/architecture.ts';
import type { Module } from '../nn/module.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { ParameterSet, StateDict } from '../nn/parameters.ts';
import type { Rates, Schedule } from '../nn/schedule.ts';
import type { Profile } from '../report/profile.ts';
import type { Device } from '../runtime/device.ts';
import { MemoryError, UserError } from '../runtime/errors.ts';
import { Resource } from '../runtime/resource.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Checkpoint, TrainingState } from './checkpoint.ts';
import { classWeights } from './class_weights.ts';
import { batchSizes, shuffledBatches, stepsPerEpoch } from './epoch_batches.ts';
import { Freezing } from './freezing.ts';
import { alone, type Group } from './group.ts';
import { checkHealth, checkScore } from './health.ts';
import type { EpochMetrics, Limits, Progress, TrainingHooks } from './hooks.ts';
import { InFlight } from './in_flight.ts';
import { Meter, type Reading } from './meter.ts';
import { mixupShare } from './mixup.ts';
import { PhaseState, type TrainingContext } from './phase_state.ts';
import { type Phase, PhasedSchedule, phaseAt, phaseOf } from './phases.ts';
import { checkPosition, type Position } from './position.ts';
import { profileSteps } from './profile_steps.ts';
import { largestPart, type Recipe } from './recipe.ts';
import { runParts, type StepPart } from './recorded_steps.ts';
import { requireTrainable } from './step.ts';

/** The random stream of the order of pictures. */
const ORDER = 2;

/**
 * Trains a net on a data set by a recipe. The same seed on the same adapter gives the same bits, whether training was
 * stopped and resumed or not.
 */
export class Trainer<Config extends NetConfig = NetConfig> extends Resource {
  private readonly context: TrainingContext;
  /** Of the current phase. */
  private state: PhaseState;
  private readonly schedule: Schedule;
  private readonly random: Random;
  readonly seed: Tensor;
  /** Σ loss and number of correct answers since the epoch began. */
  readonly totals: Tensor;
  private position: Position;

  private constructor(
    readonly device: Device,
    readonly net: Net<Config>,
    private readonly data: Splits<Pictures>,
    readonly recipe: Recipe,
    private readonly seedNumber: number,
    private readonly fingerprint: string,
    group: Group,
    init: StateDict = {},
  ) {
    super();
    const freezing = new Freezing(net, recipe);
    this.schedule = new PhasedSchedule(recipe, this.stepsPerEpoch);
    this.random = new Random(seedNumber, ORDER);
    this.position = { epoch: 1, batch: 0, step: 0, order: this.random.getState(), best: 0, bestEpoch: 0 };
    const isWhole = recipe.microBatch === 0 && recipe.shards === 1;
    this.seed = device.tensor([isWhole ? 2 : 3], 'u32');
    this.totals = device.upload(new Float32Array(2), [2]);
    const { classes } = data.train;
    this.context = {
      ...{ device, net, data, recipe, seedNumber, group, seed: this.seed, totals: this.totals },
      mix: recipe.mixup ? device.tensor([1]) : undefined,
      weights: recipe.balance ? device.upload(classWeights(data.train), [classes.length]) : undefined,
      freezing,
    };
    // The last one first, as it needs most memory.
    this.state = new PhaseState(this.context, phaseOf(recipe, recipe.epochs), init);
  }

  /** Goes over to a phase with the weights of the current one. Other parameters train then, so all is recorded anew. */
  private async enter(phase: Phase): Promise<void> {
    if (phase.first === this.state.phase.first) return;
    const values = await this.parameters.stateDict();
    this.state.dispose();
    this.state = new PhaseState(this.context, phase, values);
    await this.state.record();
  }

  /**
   * Initialises the net, and records and compiles its steps. Where a batch does not fit into memory or bindings, the steps
   * run in micro-batches: the trainer's recipe says how large.
   * @param start `seed` of all random numbers; `init`: parameters and buffers to begin with, in place of random ones; `group`:
   *   the processes that share out the recipe's shards
   * @throws UserError where the adapter lacks what the recipe's precision needs, net or recipe do not fit the data, or not
   *   even one picture fits into memory
   */
  static async create<Config extends NetConfig>(
    device: Device,
    net: Net<Config>,
    data: Splits<Pictures>,
    recipe: Recipe,
    { seed, init, group = alone }: { readonly seed: number; readonly init?: StateDict; readonly group?: Group },
  ): Promise<Trainer<Config>> {
    requireTrainable(device, net.config, data, recipe);
    const known = await fingerprint(data.train);
    let { microBatch } = recipe;
    for (;;) {
      try {
        const start = { phase: phaseOf(recipe, 1), init };
        return await Trainer.start(device, net, data, { ...recipe, microBatch }, seed, known, group, start);
      } catch (error) {
        if (!(error instanceof MemoryError)) throw error;
        const size = largestPart({ ...recipe, microBatch }, Math.min(recipe.batchSize, data.train.length));
        if (recipe.shards > 1) throw batchTooLarge(size, error);
        microBatch = fittingSize(size, error);
        if (microBatch < 1) throw batchTooLarge(size, error);
      }
    }
  }

  /**
   * Prepares a training.
   * @param known the fingerprint of the training data
   * @param start `phase`: the one that it begins in; `init`: as in `create`
   * @throws MemoryError if a batch does not fit
   */
  private static async start<Config extends NetConfig>(
    device: Device,
    net: Net<Config>,
    data: Splits<Pictures>,
    recipe: Recipe,
    seed: number,
    known: string,
    group: Group,
    { phase, init }: { readonly phase: Phase; readonly init?: StateDict },
  ): Promise<Trainer<Config>> {
    const trainer = new Trainer(device, net, data, recipe, seed, known, group, init);
    try {
      await trainer.state.record();
      await trainer.enter(phase);
    } catch (error) {
      trainer.dispose();
      throw error;
    }
    return trainer;
  }

  /**
   * Resumes a checkpoint's training, by its own recipe.
   * @throws UserError as `create`, and where the checkpoint has no training or was trained on other data
   */
  static async resume<Config extends NetConfig>(
    device: Device,
    checkpoint: Checkpoint<Config>,
    data: Splits<Pictures>,
    group = alone,
  ): Promise<Trainer<Config>> {
    const { architecture, config, recipe, seed, training } = checkpoint;
    if (!training) throw new UserError('The checkpoint has a net, but no training to resume.');
    const known = await fingerprint(data.train);
    if (checkpoint.fingerprint !== known) {
      throw new UserError('The training pictures are not those that the checkpoint was trained on.');
    }
    requireTrainable(device, config, data, recipe);
    const size = largestPart(recipe, Math.min(recipe.batchSize, data.train.length));
    const trainer = await fitting(size, () =>
      Trainer.start(device, architecture.create(config), data, recipe, seed, known, group, {
        phase: phaseAt(recipe, training.position),
      }),
    );
    try {
      checkPosition(training.position, recipe, trainer.stepsPerEpoch);
    } catch (error) {
      trainer.dispose();
      throw error;
    }
    trainer.restore(checkpoint.state, training);
    return trainer;
  }

  /** Of the current phase. */
  get parameters(): ParameterSet {
    return this.state.parameters;
  }

  /** Of the current phase. */
  get optimizer(): Optimizer {
    return this.state.optimizer;
  }

  /** The net's module. */
  get module(): Module {
    return this.net.module;
  }

  /** Steps in an epoch; the last one may be on a smaller batch, or on one picture more. */
  get stepsPerEpoch(): number {
    return stepsPerEpoch(this.data.train.length, this.recipe.batchSize);
  }

  /** Steps taken since the beginning. */
  get step(): number {
    return this.position.step;
  }

  /** Whether all epochs are done, or as many as the recipe's patience have brought no better accuracy. */
  get finished(): boolean {
    const { epoch, bestEpoch } = this.position;
    const { epochs, patience } = this.recipe;
    return epoch > epochs || (patience > 0 && epoch - 1 - bestEpoch >= patience);
  }

  /** The averaged weights, which evaluation uses, and the running statistics. */
  async stateDict(): Promise<StateDict> {
    return this.state.stateDict(this.position.step);
  }

  /**
   * Reads all that is needed to use the net and to resume. To be called between steps: in a hook, or when `run` does not run.
   * @throws DivergedError if the loss or a gradient is not finite
   */
  async checkpoint(): Promise<Checkpoint<Config>> {
    const totals = await this.checkedTotals();
    const { net, recipe, seedNumber: seed, position } = this;
    const { parameters, optimizer } = this.state;
    return {
      ...{ architecture: net.architecture, config: net.config, recipe, seed, fingerprint: this.fingerprint },
      classNames: this.data.train.classes,
      state: await this.stateDict(),
      training: {
        position,
        weights: await parameters.readFlat(parameters.values),
        optimizer: await optimizer.state(),
        totals,
      },
    };
  }

  /** Restores the state of a checkpoint's training. */
  private restore(state: StateDict, training: TrainingState): void {
    this.state.restore(state, training);
    this.position = training.position;
  }

  /**
   * Trains the remaining epochs, or up to a limit. A further call continues.
   * @returns the metrics of the last finished epoch, if there is one
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

  /** Trains the rest of the epoch and evaluates it. Returns undefined if it was stopped. */
  private async epoch(hooks: TrainingHooks, maxSteps: number, signal?: AbortSignal): Promise<EpochMetrics | undefined> {
    const { data } = this;
    const { epoch } = this.position;
    await this.enter(phaseOf(this.recipe, epoch));
    const meter = new Meter();
    const report = (phase: Progress['phase'], images: number, of: number) =>
      hooks.onProgress?.({ ...this.progress(meter), phase, images, of });

    await this.train(meter, hooks, (images) => report('train', images, data.train.length), maxSteps, signal);
    if (signal?.aborted) return undefined;
    const statisticsSeconds = await this.state.refreshStatistics(this.position.step);
    const score = await this.state.evaluate((images) => report('validate', images, data.validation.length), signal);
    if (!score) return undefined;
    checkScore(score.loss, this.position.step, this.recipe);
    if (score.accuracy > this.position.best || this.position.bestEpoch === 0) {
      this.position = { ...this.position, best: score.accuracy, bestEpoch: epoch };
    }
    const { best } = this.position;
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
      ...(statisticsSeconds !== undefined && { statistics_seconds: statisticsSeconds }),
      images_per_second: meter.imagesPerSecond,
      ...(await this.lossScale()),
    };
  }

  /** Trains on the epoch's remaining batches. */
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
    const order = shuffledBatches(data.train.length, recipe.batchSize, random).slice(this.position.batch);
    const own = order.map((batch) => this.state.steps.own?.(batch) ?? batch);
    let done = 0;
    for await (const { images, labels } of loadBatches(data.train, recipe.batchSize + 1, own)) {
      const count = order[done++].length;
      if (this.position.step >= maxSteps || signal?.aborted) break;
      const settings = { ...this.schedule.at(this.position.step), weightDecay };
      await runParts(this.prepareStep(count, images, labels, settings));
      this.position = { ...this.position, batch: this.position.batch + 1 };
      await inFlight.add();
      meter.add(count);
      if (onProgress && meter.due) meter.read(await this.readings());
      report(this.seen);
      await meter.pause(onStep?.(this.position.step), inFlight.latest);
    }
    await inFlight.latest;
    meter.read(await this.readings());
    meter.stop();
  }

  /** Images trained on since the epoch began. */
  private get seen(): number {
    const { batch } = this.position;
    return batch === this.stepsPerEpoch ? this.data.train.length : batch * this.recipe.batchSize;
  }

  /**
   * The weight decay of an epoch: the factor times the learning rate at its beginning; for the first one of a phase, the
   * largest one.
   */
  private weightDecay(epoch: number): number {
    const { first, learningRate } = phaseOf(this.recipe, epoch);
    const start = this.schedule.at((epoch - 1) * this.stepsPerEpoch).learningRate;
    return this.recipe.weightDecayFactor * (epoch === first ? learningRate : start);
  }

  /** @throws DivergedError if the loss or a gradient was not finite since the epoch began */
  private async readings(): Promise<Reading> {
    const { seen } = this;
    const [loss, correct] = await this.checkedTotals();
    return { loss: loss / seen, accuracy: correct / seen };
  }

  /** @throws DivergedError as `readings` */
  private async checkedTotals(): Promise<Float32Array<ArrayBuffer>> {
    const { device, position, recipe } = this;
    const totals = await device.read(this.totals);
    checkHealth({ loss: totals[0], guard: await device.read(this.optimizer.guard), step: position.step }, recipe);
    return totals;
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
   * first runs. The training is restored afterwards.
   */
  async profile(steps: number): Promise<Profile> {
    const { state, training } = await this.checkpoint();
    const timed = await this.timeSteps(steps);
    this.restore(state, training!);
    return timed;
  }

  private async timeSteps(steps: number): Promise<Profile> {
    const { device, data, recipe } = this;
    const [size] = batchSizes(data.train.length, recipe.batchSize);
    const { images, labels } = await firstOf(data.train, size);
    const weightDecay = this.weightDecay(1);
    const next = () => this.prepareStep(size, images, labels, { ...this.schedule.at(this.position.step), weightDecay });
    return profileSteps(device, next, steps);
  }

  /** Writes the settings of one step on `size` images. Returns the parts of that step. */
  private prepareStep(
    size: number,
    images: Uint8Array,
    labels: Int32Array,
    settings: Rates & { weightDecay: number },
  ): StepPart[] {
    const seed = [this.seedNumber, this.position.step] as const;
    const parts = this.state.steps.parts({ size, images, labels, seed });
    const { mix } = this.context;
    if (mix) this.device.write(mix, Float32Array.of(mixupShare(...seed, this.recipe.mixup)));
    this.optimizer.prepare(settings);
    this.position = { ...this.position, step: this.position.step + 1 };
    return parts;
  }

  /** Releases all memory of the training on the device. The trainer must not be used again. */
  dispose(): void {
    const { device, seed, totals, mix, weights } = this.context;
    this.state.dispose();
    for (const tensor of [seed, totals, mix, weights]) if (tensor) device.release(tensor);
  }
}

/** The first images of a data set, as a batch. */
async function firstOf(pictures: Pictures, size: number) {
  for await (const batch of loadBatches(pictures, size, batches(size, size))) return batch;
  throw new Error('profile(): there must be a picture to train on');
}
