import { type Checkpoint, encodeCheckpoint, filtersOf } from '../../src/index.ts';
import type { Event, History } from '../messages.ts';
import type { OpenedData } from './data.ts';
import { Gpu } from './gpu.ts';
import { need } from './need.ts';
import { fits, summarizeNet } from './nets.ts';
import * as store from './store.ts';
import { Viewer } from './viewer.ts';

/** In the middle of training, the net is saved this often at most, in milliseconds. */
const SAVE_INTERVAL = 3000;
/** The share of training's time that looking at the net may take. */
const LOOKING = 0.2;

const NO_HISTORY: History = { stepsPerEpoch: 1, steps: 1, points: [], epochs: [] };

/** Keeps the pictures, the device and the net as it is now; shows what changes, and saves it for a reload. */
export class Keeper {
  data?: OpenedData;
  net?: Checkpoint;
  history: History = NO_HISTORY;
  private gpu?: Promise<Gpu>;
  private trained = false;
  private viewer?: Viewer;
  private savedAt = 0;
  private looked = { at: 0, took: 0, step: -1 };

  constructor(readonly tell: (event: Event) => void) {}

  /** The device, another one where it was lost. */
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

  /** A device on which nothing has been trained: it takes the former one's memory back. */
  async openFreshGpu(): Promise<Gpu> {
    if (this.trained) {
      const former = this.gpu;
      this.gpu = undefined;
      (await former)?.close();
    }
    const gpu = await this.openGpu();
    this.trained = true;
    return gpu;
  }

  /**
   * For work that needs a turn on the GPU.
   * @throws UserError where there is no net
   */
  async view<T>(work: (viewer: Viewer) => Promise<T>): Promise<T> {
    const net = need(this.net, 'net');
    const gpu = await this.openGpu();
    return gpu.turns.take(() => work(this.viewerOf(gpu, net)));
  }

  /** Takes a net that was loaded. */
  async put(net: Checkpoint, history = NO_HISTORY): Promise<void> {
    this.net = net;
    this.history = history;
    this.tell({ type: 'history', history });
    await this.show();
  }

  /** Tells of the net, and looks at it if it is one for the pictures there are. */
  async show(): Promise<void> {
    this.announce();
    if (this.data && fits(need(this.net, 'net'), this.data)) await this.view((viewer) => this.look(viewer));
  }

  /** Takes the net of the training under way, whose turn it is on the GPU. */
  async follow(net: Checkpoint, history: History, reason: 'moment' | 'epoch' | 'end'): Promise<void> {
    this.net = net;
    this.history = history;
    this.announce();
    const now = performance.now();
    if (reason !== 'epoch' || now - this.savedAt > SAVE_INTERVAL) await this.save();
    const { at, took, step } = this.looked;
    const due = now - at > took / LOOKING || (reason === 'end' && step !== net.training?.position.step);
    if (reason !== 'moment' && due) await this.look(this.viewerOf(await this.openGpu(), net));
  }

  private viewerOf(gpu: Gpu, net: Checkpoint): Viewer {
    if (this.viewer?.gpu === gpu && this.viewer.turnTo(net)) return this.viewer;
    this.viewer = new Viewer(gpu, net);
    return this.viewer;
  }

  private announce(): void {
    const net = need(this.net, 'net');
    this.tell({ type: 'net', net: summarizeNet(net, this.data), filters: filtersOf(net) });
  }

  private async look(viewer: Viewer): Promise<void> {
    const start = performance.now();
    this.tell({ type: 'insight', insight: await viewer.insight(need(this.data, 'pictures').splits) });
    const at = performance.now();
    this.looked = { at, took: at - start, step: this.net?.training?.position.step ?? -1 };
  }

  /** Without room in the browser's storage, training goes on all the same. */
  private async save(): Promise<void> {
    const net = need(this.net, 'net');
    const { history } = this;
    const run = {
      savedAt: Date.now(),
      dataName: need(this.data, 'pictures').splits.train.name,
      step: net.training?.position.step ?? 0,
      steps: history.steps,
      accuracy: history.epochs.at(-1)?.val_accuracy,
      checkpoint: encodeCheckpoint(net),
      history,
    };
    this.savedAt = performance.now();
    await store.saveRun(run).then(
      () => this.tell({ type: 'saved', at: run.savedAt }),
      ({ message }: Error) => this.tell({ type: 'unsaved', reason: message }),
    );
  }
}
