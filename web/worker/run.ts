import {
  type Checkpoint,
  type EpochMetrics,
  type History,
  type Progress,
  type Recipe,
  Recorder,
  Trainer,
  YYNet,
  type YYNetConfig,
} from '../../src/index.ts';
import type { Event } from '../messages.ts';
import type { OpenedData } from './data.ts';
import type { Gpu } from './gpu.ts';

/** Progress is told this often at most, and the run saved this often between epochs, in milliseconds. */
const TELL_INTERVAL = 60;
const SAVE_INTERVAL = 10_000;

/** A device that is lost so often without a step between is given up. */
const ATTEMPTS = 3;

/** In milliseconds. */
const LOSS_DELAY = 500;

/** What a run is given, and tells. */
export interface RunContext {
  readonly data: OpenedData;
  readonly config: YYNetConfig;
  readonly recipe: Recipe;
  readonly seed: number;
  /** A device that nothing else trains on. */
  openGpu(): Promise<Gpu>;
  tell(event: Event): void;
  /** Called with the net as it is now and then, at each epoch's end, and when training stops. */
  onNet(net: Checkpoint, history: History, reason: 'moment' | 'epoch' | 'end'): Promise<void>;
}

/** One training, from its first step to its last, across pauses and lost devices. */
export class Run {
  private gpu!: Gpu;
  private trainer!: Trainer;
  private recorder!: Recorder;
  private readonly abort = new AbortController();
  private paused?: { readonly resumed: Promise<void>; resume(): void };
  private toldAt = 0;
  private savedAt = performance.now();

  /** @param net where to go on from */
  constructor(
    private readonly context: RunContext,
    private net?: Checkpoint,
    private readonly earlier?: History,
  ) {}

  /**
   * Opens a device and compiles the training step.
   * @throws UserError where the adapter cannot do it, or the net does not fit the pictures
   */
  async prepare(): Promise<void> {
    const { data, config, recipe, seed } = this.context;
    this.gpu = await this.context.openGpu();
    const start = this.net ? { from: this.net } : { seed };
    this.trainer = await this.gpu.turns.take(() =>
      Trainer.create(this.gpu.device, new YYNet(config), data.splits, recipe, start),
    );
    const { stepsPerEpoch } = this.trainer;
    const history = this.recorder?.history ?? this.earlier;
    const step = this.net?.training?.position.step;
    this.recorder = new Recorder(stepsPerEpoch, stepsPerEpoch * recipe.epochs, step, history);
    this.context.tell({ type: 'history', history: this.recorder.history });
  }

  /** Trains to the end, or until it is stopped. */
  async train(): Promise<void> {
    let lastStep = -1;
    for (let attempts = 1; await this.isCutShort(); attempts++) {
      const step = this.net?.training?.position.step ?? 0;
      if (step > lastStep) attempts = 1;
      if (attempts > ATTEMPTS) throw new Error(`The GPU device was lost ${ATTEMPTS} times in a row: ${this.gpu.lost}.`);
      lastStep = step;
      const message = `The GPU device was lost (${this.gpu.lost}). Training goes on from step ${step}, where it was saved.`;
      this.context.tell({ type: 'notice', message });
      await this.prepare();
    }
  }

  get isPaused(): boolean {
    return this.paused !== undefined;
  }

  /** After the step under way. */
  pause(): void {
    let resume = () => {};
    const resumed = new Promise<void>((resolve) => {
      resume = resolve;
    });
    this.paused ??= { resumed, resume };
  }

  resume(): void {
    this.paused?.resume();
    this.paused = undefined;
  }

  /** After the step under way. */
  stop(): void {
    this.abort.abort();
    this.resume();
  }

  /** Trains on this device. Returns whether it was lost meanwhile. */
  private async isCutShort(): Promise<boolean> {
    const { gpu, trainer, context } = this;
    const training = gpu.turns.take(async () => {
      await trainer.run(
        {
          onProgress: (progress) => this.tell(progress),
          onStep: () => this.betweenSteps(gpu),
          onEpoch: (metrics) => this.endEpoch(metrics),
        },
        { signal: this.abort.signal },
      );
      this.net = await trainer.checkpoint();
      await context.onNet(this.net, this.recorder.history, 'end');
    });
    // What a lost device leaves behind is no error; the browser may tell of the loss a little later.
    const outcome = training.catch(async (error) => {
      await Promise.race([gpu.whenLost, new Promise((resolve) => setTimeout(resolve, LOSS_DELAY))]);
      if (!gpu.lost) throw error;
    });
    await Promise.race([outcome, gpu.whenLost]);
    return gpu.lost !== undefined;
  }

  private tell(progress: Progress): void {
    const point = this.recorder.add(progress);
    const now = performance.now();
    if (!point && progress.images < progress.of && now - this.toldAt < TELL_INTERVAL) return;
    this.toldAt = now;
    this.context.tell({ type: 'progress', progress, point });
  }

  private async betweenSteps(gpu: Gpu): Promise<void> {
    if (gpu.lost) throw new Error('the device is lost');
    if (this.paused || performance.now() - this.savedAt > SAVE_INTERVAL) await this.save('moment');
    await gpu.turns.giveWay(this.paused?.resumed);
  }

  private async endEpoch(metrics: EpochMetrics): Promise<void> {
    this.recorder.addEpoch(metrics);
    this.context.tell({ type: 'epoch', metrics });
    await this.save('epoch');
  }

  private async save(reason: 'moment' | 'epoch'): Promise<void> {
    this.net = await this.trainer.checkpoint();
    this.savedAt = performance.now();
    await this.context.onNet(this.net, this.recorder.history, reason);
  }
}
