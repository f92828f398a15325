import { imageSize } from '../../data/dataset.ts';
import { Classifier } from '../../inference/classifier.ts';
import { FeatureMaps, filtersOf } from '../../inference/feature_maps.ts';
import { computeInsight } from '../../inference/insight.ts';
import type { TrainedNet } from '../../inference/loaded_net.ts';
import { type History, type Point, Recorder } from '../../train/history.ts';
import type { EpochMetrics, Progress } from '../../train/hooks.ts';
import type { YYNetConfig } from '../../yinyang/config.ts';
import type { Run } from '../run.ts';
import type { Watcher } from '../watchers.ts';
import type { DashboardEvent, PictureMaps } from './events.ts';
import { DashboardServer } from './server.ts';

/** Minimum interval of progress messages, in milliseconds. */
const PROGRESS_INTERVAL = 200;

/** The most requests that are served between two steps, so that training goes on. */
const MAX_SERVED = 2;

type Insight = Extract<DashboardEvent, { type: 'insight' }>;

/** A page's request for feature maps, served between two training steps. */
interface Request {
  readonly index: number;
  isWanted(): boolean;
  resolve(maps: PictureMaps): void;
  reject(error: Error): void;
}

/**
 * Shows a run on a page while it trains. Inference for the page runs only while a page is open, and its errors do not stop
 * training.
 */
export class Dashboard implements Watcher {
  private readonly recorder: Recorder;
  private server!: DashboardServer;
  private views?: { readonly classifier: Classifier; readonly maps: FeatureMaps };
  private progress?: Progress;
  private progressSentAt = 0;
  private insight?: Insight;
  /** Whether the net has trained since the last insight. */
  private insightIsStale = true;
  /** Index of the validation picture whose feature maps the page shows. */
  private selectedIndex = 0;
  private requests: Request[] = [];

  private constructor(
    private readonly run: Run,
    epochs: History['epochs'],
  ) {
    const { step, stepsPerEpoch, recipe } = run.trainer;
    const points = epochs.map(pointOf);
    this.recorder = new Recorder(stepsPerEpoch, stepsPerEpoch * recipe.epochs, step, { points, epochs });
  }

  /**
   * Starts the server. A resumed run shows its earlier epochs too.
   * @throws UserError if no port is free
   */
  static async start(run: Run): Promise<Dashboard> {
    const dashboard = new Dashboard(run, await run.folder.metrics());
    dashboard.server = await DashboardServer.start(dashboard);
    return dashboard;
  }

  get url(): string {
    return this.server.url;
  }

  initialEvents(): DashboardEvent[] {
    const { run, recorder, insight, progress } = this;
    const events: DashboardEvent[] = [
      { type: 'run', path: run.folder.path, summary: run.summary, history: recorder.history },
    ];
    if (progress) events.push({ type: 'progress', progress });
    if (insight) events.push(insight);
    return events;
  }

  maps(index: number, isWanted: () => boolean): Promise<PictureMaps> {
    if (index >= this.run.data.validation.length) return Promise.reject(new Error('There is no such picture.'));
    return new Promise((resolve, reject) => this.requests.push({ index, isWanted, resolve, reject }));
  }

  onProgress(progress: Progress): void {
    this.progress = progress;
    const point = this.recorder.add(progress);
    const now = performance.now();
    if (!point && progress.images < progress.of && now - this.progressSentAt < PROGRESS_INTERVAL) return;
    this.progressSentAt = now;
    this.server.send({ type: 'progress', progress, point });
  }

  async onStep(): Promise<void> {
    await this.attempt(async () => {
      if (this.insightIsStale && this.server.isWatched) await this.sendInsight();
      await this.serveRequests();
    });
  }

  async onEpoch(metrics: EpochMetrics): Promise<void> {
    this.recorder.addEpoch(metrics);
    this.server.send({ type: 'epoch', metrics });
    this.insightIsStale = true;
    await this.onStep();
  }

  /** Sends the last message: how training ended. */
  async end(message: string): Promise<void> {
    await this.attempt(() => this.serveRequests());
    this.rejectRequests(new Error('Training has ended.'));
    this.server.end({ type: 'ended', message });
  }

  /** Runs `work` and sends its error to the page. Training must continue, even if memory suffices only for training. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.rejectRequests(error as Error);
      const message = `The net's predictions cannot be shown: ${(error as Error).message}`;
      this.server.send({ type: 'failed', message });
    }
  }

  /** Evaluates the current net and sends the results. */
  private async sendInsight(): Promise<void> {
    this.insightIsStale = false;
    const { trainer, data } = this.run;
    const net = await this.currentNet();
    if (this.views) {
      this.views.classifier.load(net.state);
      this.views.maps.load(net.state);
    } else {
      const { device, recipe } = trainer;
      // The batch size of the trainer's evaluation, so that its compiled kernels are used again.
      const size = Math.min(recipe.batchSize, data.validation.length);
      const classifier = await Classifier.create(device, net, size);
      this.views = { classifier, maps: await FeatureMaps.create(device, net) };
    }
    const insight = await computeInsight(this.views.classifier, data.validation);
    const pictureMaps = await this.mapsOf(this.selectedIndex);
    this.insight = { type: 'insight', step: trainer.step, insight, filters: filtersOf(net), pictureMaps };
    this.server.send(this.insight);
  }

  private async serveRequests(): Promise<void> {
    if (!this.views) return;
    // A request leaves the list when it is done: an error rejects those in it.
    for (let served = 0; this.requests.length > 0 && served < MAX_SERVED; this.requests.shift()) {
      const { index, isWanted, resolve, reject } = this.requests[0];
      if (!isWanted()) {
        reject(new Error('Nobody waits for it.'));
        continue;
      }
      served++;
      this.selectedIndex = index;
      resolve(await this.mapsOf(index));
    }
  }

  private rejectRequests(error: Error): void {
    for (const { reject } of this.requests.splice(0)) reject(error);
  }

  private async currentNet(): Promise<TrainedNet> {
    const { trainer, data } = this.run;
    const { net, recipe } = trainer;
    const { architecture, config } = net;
    return { architecture, config, classNames: data.train.classes, recipe, state: await trainer.stateDict() };
  }

  private async mapsOf(index: number): Promise<PictureMaps> {
    const { trainer, data } = this.run;
    const { validation } = data;
    const { inputSize: size, inputChannels: channels, yin } = trainer.net.config as YYNetConfig;
    const pixels = new Uint8Array(imageSize(validation));
    await validation.read(Uint32Array.of(index), pixels);
    return { index, picture: { channels, size, pixels }, yin, maps: await this.views!.maps.of(pixels) };
  }
}

/** Converts the metrics of an epoch to a point of the curves: earlier processes have left no finer data. */
const pointOf = (epoch: EpochMetrics): Point => ({
  step: epoch.step,
  learningRate: epoch.learning_rate,
  imagesPerSecond: epoch.images_per_second,
  loss: epoch.train_loss,
  accuracy: epoch.train_accuracy,
});
