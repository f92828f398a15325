import { imageSize } from '../../data/dataset.ts';
import { Classifier } from '../../train/classifier.ts';
import { FeatureMaps } from '../../train/feature_maps.ts';
import { type History, type Point, Recorder } from '../../train/history.ts';
import type { EpochMetrics, Progress } from '../../train/hooks.ts';
import { filtersOf, insightInto } from '../../train/insight.ts';
import type { TrainedNet } from '../../train/loaded_net.ts';
import type { Run } from '../run.ts';
import type { Watcher } from '../watchers.ts';
import type { DashboardEvent, Seen } from './events.ts';
import { DashboardServer } from './server.ts';

/** Progress is told this often at most, in milliseconds. */
const TELL_INTERVAL = 200;

type Insight = Extract<DashboardEvent, { type: 'insight' }>;

/** A page asked for feature maps; the GPU has time for it between two steps. */
interface Request {
  readonly index: number;
  resolve(seen: Seen): void;
  reject(error: Error): void;
}

/** Shows a run on a page while it trains. What nobody watches costs nothing, and training never learns of it. */
export class Dashboard implements Watcher {
  private readonly recorder: Recorder;
  private server!: DashboardServer;
  private views?: { readonly classifier: Classifier; readonly maps: FeatureMaps };
  private progress?: Progress;
  private toldAt = 0;
  private insight?: Insight;
  /** Whether the net has been trained on since the page was shown what it has learned. */
  private stale = true;
  private chosen = 0;
  private waiting: Request[] = [];

  private constructor(
    private readonly run: Run,
    epochs: History['epochs'],
  ) {
    const { step, stepsPerEpoch, recipe } = run.trainer;
    const points = epochs.map(pointOf);
    this.recorder = new Recorder(stepsPerEpoch, stepsPerEpoch * recipe.epochs, step, { points, epochs });
  }

  /**
   * Serves the page, with the epochs that the run already has.
   * @throws UserError where no port can be had
   */
  static async start(run: Run): Promise<Dashboard> {
    const dashboard = new Dashboard(run, await run.folder.metrics());
    dashboard.server = await DashboardServer.start(dashboard);
    return dashboard;
  }

  get url(): string {
    return this.server.url;
  }

  missed(): DashboardEvent[] {
    const { run, recorder, insight, progress } = this;
    const events: DashboardEvent[] = [
      { type: 'run', path: run.folder.path, summary: run.summary, history: recorder.history },
    ];
    if (progress) events.push({ type: 'progress', progress });
    if (insight) events.push(insight);
    return events;
  }

  see(index: number): Promise<Seen> {
    if (index >= this.run.data.validation.length) return Promise.reject(new Error('There is no such picture.'));
    return new Promise((resolve, reject) => this.waiting.push({ index, resolve, reject }));
  }

  onProgress(progress: Progress): void {
    this.progress = progress;
    const point = this.recorder.add(progress);
    const now = performance.now();
    if (!point && progress.images < progress.of && now - this.toldAt < TELL_INTERVAL) return;
    this.toldAt = now;
    this.server.tell({ type: 'progress', progress, point });
  }

  async onStep(): Promise<void> {
    await this.attempt(async () => {
      if (this.stale && this.server.watched) await this.look();
      await this.answer();
    });
  }

  async onEpoch(metrics: EpochMetrics): Promise<void> {
    this.recorder.addEpoch(metrics);
    this.server.tell({ type: 'epoch', metrics });
    this.stale = true;
    await this.onStep();
  }

  /** Tells the page how training ended. */
  async end(message: string): Promise<void> {
    await this.attempt(() => this.answer());
    this.refuse(new Error('Training has ended.'));
    this.server.end({ type: 'ended', message });
  }

  /** What cannot be shown, such as for memory that the net alone had fitted into, is no reason to stop training. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.refuse(error as Error);
      const message = `What the net has learned cannot be shown: ${(error as Error).message}`;
      this.server.tell({ type: 'failed', message });
    }
  }

  /** Shows what the net has learned by now. */
  private async look(): Promise<void> {
    this.stale = false;
    const { trainer, data } = this.run;
    const net = await this.net();
    if (this.views) {
      this.views.classifier.load(net.state);
      this.views.maps.load(net.state);
    } else {
      const { device, recipe } = trainer;
      // As many as the trainer validates at a time: those kernels are compiled.
      const size = Math.min(recipe.batchSize, data.validation.length);
      const classifier = await Classifier.create(device, net, size);
      this.views = { classifier, maps: await FeatureMaps.create(device, net) };
    }
    const insight = await insightInto(this.views.classifier, data.validation);
    const seen = await this.mapsOf(this.chosen);
    this.insight = { type: 'insight', step: trainer.step, insight, filters: filtersOf(net), seen };
    this.server.tell(this.insight);
  }

  private async answer(): Promise<void> {
    if (!this.views) return;
    for (; this.waiting.length > 0; this.waiting.shift()) {
      const { index, resolve } = this.waiting[0];
      this.chosen = index;
      resolve(await this.mapsOf(index));
    }
  }

  private refuse(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  private async net(): Promise<TrainedNet> {
    const { trainer, data } = this.run;
    const { net, recipe } = trainer;
    return { config: net.config, classNames: data.train.classes, recipe, state: await trainer.stateDict() };
  }

  private async mapsOf(index: number): Promise<Seen> {
    const { trainer, data } = this.run;
    const { validation } = data;
    const { inputSize: size, inputChannels: channels, yin } = trainer.net.config;
    const pixels = new Uint8Array(imageSize(validation));
    await validation.read(Uint32Array.of(index), pixels);
    return { index, picture: { channels, size, pixels }, yin, maps: await this.views!.maps.of(pixels) };
  }
}

/** Of an earlier run only its epochs are known. */
const pointOf = (epoch: EpochMetrics): Point => ({
  step: epoch.step,
  learningRate: epoch.learning_rate,
  imagesPerSecond: epoch.images_per_second,
  loss: epoch.train_loss,
  accuracy: epoch.train_accuracy,
});
