import { encodeCheckpoint, filtersOf } from '../../src/index.ts';
import type { Event, History, Settings } from '../messages.ts';
import type { OpenedData } from './data.ts';
import { Gpu } from './gpu.ts';
import { fits, type NetCheckpoint, summarizeNet } from './nets.ts';
import { required } from './required.ts';
import * as store from './store.ts';
import { Viewer } from './viewer.ts';

/** Minimum time between two saves at the ends of epochs, in milliseconds. */
const SAVE_INTERVAL = 3000;
/** Maximum fraction of the training time that evaluating the net for the page may take. */
const INSIGHT_SHARE = 0.2;

const NO_HISTORY: History = { stepsPerEpoch: 1, steps: 1, points: [], epochs: [] };

/** What is known of the training of a net from a file. */
const UNKNOWN = { history: NO_HISTORY };

/** The open data set, the device and the current net. Sends changes to the page and saves the run in the browser. */
export class Workspace {
  data?: OpenedData;
  net?: NetCheckpoint;
  history: History = NO_HISTORY;
  /** What the training of the net started from, if that is known. */
  start?: Settings['start'];
  private gpu?: Promise<Gpu>;
  /** Whether a trainer has allocated memory on the device. */
  private trained = false;
  private viewer?: Viewer;
  private savedAt = 0;
  private lastInsight = { endedAt: 0, duration: 0, step: -1 };

  constructor(readonly emit: (event: Event) => void) {}

  /** Returns the device; opens a new one if it was lost. */
  async openGpu(): Promise<Gpu> {
    if ((await this.gpu)?.lost) this.gpu = undefined;
    if (this.gpu) return this.gpu;
    this.trained = false;
    this.gpu = Gpu.open();
    this.gpu.catch(() => {
      this.gpu = undefined;
    });
    return this.gpu;
  }

  /** Returns a device that no trainer has used. Closes the former one, which frees its memory. */
  async openFreshGpu(): Promise<Gpu> {
    if (this.trained) {
      const previous = this.gpu;
      this.gpu = undefined;
      (await previous)?.close();
    }
    const gpu = await this.openGpu();
    this.trained = true;
    return gpu;
  }

  /**
   * Runs a job with a viewer of the current net, holding the device's lock.
   * @throws {UserError} if there is no net
   */
  async withViewer<T>(job: (viewer: Viewer) => Promise<T>): Promise<T> {
    const net = required(this.net, 'net');
    const gpu = await this.openGpu();
    return gpu.mutex.runExclusive(() => job(this.viewerFor(gpu, net)));
  }

  /** Replaces the net by a loaded one. */
  async setNet(net: NetCheckpoint, { history, start }: Pick<Workspace, 'history' | 'start'> = UNKNOWN): Promise<void> {
    this.net = net;
    this.history = history;
    this.start = start;
    this.emit({ type: 'history', history });
    await this.publish();
  }

  /** Sends the net to the page, and its results on the validation pictures if it fits the open data set. */
  async publish(): Promise<void> {
    this.sendNet();
    if (this.data && fits(required(this.net, 'net'), this.data))
      await this.withViewer((viewer) => this.sendInsight(viewer));
  }

  /** Replaces the net by the current state of a training run. The run holds the device's lock. */
  async updateNet(net: NetCheckpoint, history: History, reason: 'interval' | 'epoch' | 'end'): Promise<void> {
    this.net = net;
    this.history = history;
    this.sendNet();
    const now = performance.now();
    if (reason !== 'epoch' || now - this.savedAt > SAVE_INTERVAL) await this.save();
    const { endedAt, duration, step } = this.lastInsight;
    const due = now - endedAt > duration / INSIGHT_SHARE || (reason === 'end' && step !== net.training?.position.step);
    if (reason !== 'interval' && due) await this.sendInsight(this.viewerFor(await this.openGpu(), net));
  }

  private viewerFor(gpu: Gpu, net: NetCheckpoint): Viewer {
    if (this.viewer?.gpu === gpu && this.viewer.update(net)) return this.viewer;
    this.viewer = new Viewer(gpu, net);
    return this.viewer;
  }

  private sendNet(): void {
    const net = required(this.net, 'net');
    this.emit({ type: 'net', net: summarizeNet(net, this.data), filters: filtersOf(net) });
  }

  private async sendInsight(viewer: Viewer): Promise<void> {
    const start = performance.now();
    this.emit({ type: 'insight', insight: await viewer.insight(required(this.data, 'pictures').splits) });
    const endedAt = performance.now();
    this.lastInsight = { endedAt, duration: endedAt - start, step: this.net?.training?.position.step ?? -1 };
  }

  /** Saves the run in the browser. A failure is reported to the page and does not stop training. */
  private async save(): Promise<void> {
    const net = required(this.net, 'net');
    const { history, start } = this;
    const run = {
      savedAt: Date.now(),
      dataName: required(this.data, 'pictures').splits.train.name,
      step: net.training?.position.step ?? 0,
      steps: history.steps,
      accuracy: history.epochs.at(-1)?.val_accuracy,
      checkpoint: encodeCheckpoint(net),
      ...{ history, start },
    };
    this.savedAt = performance.now();
    await store.saveRun(run).then(
      () => this.emit({ type: 'saved', at: run.savedAt }),
      ({ message }: Error) => this.emit({ type: 'unsaved', reason: message }),
    );
  }
}
