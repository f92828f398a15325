import { calibrate, type EpochMetrics, type Progress, Trainer, type YYNetConfig, yynet } from '../../src/index.ts';
import { type History, Recorder } from '../../src/train/history.ts';
import type { Event } from '../messages.ts';
import type { OpenedData } from './data.ts';
import type { Gpu } from './gpu.ts';
import type { Beginning, NetCheckpoint } from './nets.ts';
import { BATCH } from './viewer.ts';

/** Minimum time between two progress events, in milliseconds. */
const PROGRESS_INTERVAL = 60;
/** Time between two checkpoints within an epoch, in milliseconds. */
const SAVE_INTERVAL = 10_000;

/** Training fails after the device was lost this many times at the same step. */
const MAX_ATTEMPTS = 3;

/** How long to wait, after an error, for the browser to report a lost device. In milliseconds. */
const LOSS_DELAY = 500;

/** What a run depends on. */
export interface RunContext extends Beginning {
  readonly data: OpenedData;
  /** Opens a device that no other trainer uses. */
  openGpu(): Promise<Gpu>;
  emit(event: Event): void;
  /** Receives a checkpoint at intervals and pauses, at the end of each epoch, and when training ends. */
  onCheckpoint(net: NetCheckpoint, history: History, reason: 'interval' | 'epoch' | 'end'): Promise<void>;
}

/** A training run. It can be paused, and continues on a new device if its device is lost. */
export class Run {
  private gpu!: Gpu;
  private trainer!: Trainer<YYNetConfig>;
  private recorder!: Recorder;
  private readonly abort = new AbortController();
  private paused?: { readonly resumed: Promise<void>; resume(): void };
  private progressAt = 0;
  private savedAt = performance.now();

  /**
   * @param net the checkpoint to resume from; without it, training starts as the context says
   * @param previousHistory the history up to that checkpoint
   */
  constructor(
    private readonly context: RunContext,
    private net?: NetCheckpoint,
    private readonly previousHistory?: History,
  ) {}

  /**
   * Opens a device and compiles the training step.
   * @throws {UserError} if the adapter lacks a feature or memory, or the net does not fit the pictures
   */
  async prepare(): Promise<void> {
    const { data, config, recipe, seed, init } = this.context;
    this.gpu = await this.context.openGpu();
    const { device, mutex } = this.gpu;
    this.trainer = await mutex.runExclusive(() =>
      this.net
        ? Trainer.resume(device, this.net, data.splits)
        : Trainer.create(device, yynet.create(config), data.splits, recipe, { seed, init }),
    );
    const { stepsPerEpoch } = this.trainer;
    const history = this.recorder?.history ?? this.previousHistory;
    const step = this.net?.training?.position.step;
    this.recorder = new Recorder(stepsPerEpoch, stepsPerEpoch * recipe.epochs, step, history);
    this.context.emit({ type: 'history', history: this.recorder.history });
  }

  /** Trains to the end, or until `stop`. */
  async train(): Promise<void> {
    let lastStep = -1;
    for (let attempts = 1; await this.trainOnDevice(); attempts++) {
      const step = this.net?.training?.position.step ?? 0;
      if (step > lastStep) attempts = 1;
      if (attempts > MAX_ATTEMPTS) {
        throw new Error(`The GPU device was lost ${MAX_ATTEMPTS} times in a row: ${this.gpu.lost}.`);
      }
      lastStep = step;
      const message = `The GPU device was lost (${this.gpu.lost}). Training resumes from step ${step}, the last checkpoint.`;
      this.context.emit({ type: 'notice', message });
      await this.prepare();
    }
  }

  get isPaused(): boolean {
    return this.paused !== undefined;
  }

  /** Pauses after the current step. */
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

  /** Stops after the current step. */
  stop(): void {
    this.abort.abort();
    this.resume();
  }

  /** Trains on the current device until the end. Returns whether the device was lost. */
  private async trainOnDevice(): Promise<boolean> {
    const { gpu, trainer, context } = this;
    const training = gpu.mutex.runExclusive(async () => {
      await trainer.run(
        {
          onProgress: (progress) => this.reportProgress(progress),
          onStep: () => this.betweenSteps(gpu),
          onEpoch: (metrics) => this.endEpoch(metrics),
        },
        { signal: this.abort.signal },
      );
      const net = await trainer.checkpoint();
      const { splits } = context.data;
      const calibration = await calibrate(gpu.device, net, splits, Math.min(BATCH, splits.validation.length));
      this.net = { ...net, calibration };
      await context.onCheckpoint(this.net, this.recorder.history, 'end');
    });
    // Errors caused by a lost device are ignored. The browser may report the loss after the error.
    const outcome = training.catch(async (error) => {
      await Promise.race([gpu.whenLost, new Promise((resolve) => setTimeout(resolve, LOSS_DELAY))]);
      if (!gpu.lost) throw error;
    });
    await Promise.race([outcome, gpu.whenLost]);
    return gpu.lost !== undefined;
  }

  private reportProgress(progress: Progress): void {
    const point = this.recorder.add(progress);
    const now = performance.now();
    if (!point && progress.images < progress.of && now - this.progressAt < PROGRESS_INTERVAL) return;
    this.progressAt = now;
    this.context.emit({ type: 'progress', progress, point });
  }

  private async betweenSteps(gpu: Gpu): Promise<void> {
    if (gpu.lost) throw new Error('the device is lost');
    if (this.paused || performance.now() - this.savedAt > SAVE_INTERVAL) await this.save('interval');
    await gpu.mutex.yieldLock(this.paused?.resumed);
  }

  private async endEpoch(metrics: EpochMetrics): Promise<void> {
    this.recorder.addEpoch(metrics);
    this.context.emit({ type: 'epoch', metrics });
    await this.save('epoch');
  }

  private async save(reason: 'interval' | 'epoch'): Promise<void> {
    this.net = await this.trainer.checkpoint();
    this.savedAt = performance.now();
    await this.context.onCheckpoint(this.net, this.recorder.history, reason);
  }
}
