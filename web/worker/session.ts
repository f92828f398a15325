import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  exportOnnx,
  Trainer,
  UserError,
  YYNet,
} from '../../src/index.ts';
import { decode } from '../data/decode.ts';
import type { Answers, Event, History, Opened, Phase, Request, Restored, SavedRun, Seen } from '../messages.ts';
import { type OpenedData, openData, pictureAt, summarize } from './data.ts';
import { Gpu } from './gpu.ts';
import { Keeper } from './keeper.ts';
import { kernelTimes } from './kernels.ts';
import { need } from './need.ts';
import { configure, summarizeNet } from './nets.ts';
import { Run, type RunContext } from './run.ts';
import * as store from './store.ts';

type Of<T extends Request['type']> = Extract<Request, { type: T }>;
type Handlers = { [T in Request['type']]: (request: Of<T>) => Promise<Answers[T]> };

/** Does what the page asks: a method for each request, called after its type. */
export class Session implements Handlers {
  private readonly keeper: Keeper;
  private run?: Run;

  constructor(private readonly tell: (event: Event) => void) {
    this.keeper = new Keeper(tell);
  }

  handle(request: Request): Promise<Answers[Request['type']]> {
    return (this[request.type] as (request: Request) => Promise<Answers[Request['type']]>).call(this, request);
  }

  async open(): Promise<Opened> {
    const { choice } = await this.keeper.openGpu();
    const { checkpoint, history, ...saved } = (await store.savedRun().catch(() => undefined)) ?? {};
    return { adapter: choice.info, notice: choice.notice, saved: checkpoint && (saved as SavedRun) };
  }

  async restore(): Promise<Restored> {
    const { keeper } = this;
    const saved = need(await store.savedRun(), 'saved run');
    keeper.data = need(await store.savedData(), 'saved run');
    const net = decodeCheckpoint(saved.checkpoint);
    await this.busy('Restoring the run…', () => keeper.put(net, saved.history));
    return { data: summarize(keeper.data), net: summarizeNet(net, keeper.data) };
  }

  async forget(): Promise<undefined> {
    await store.forget();
  }

  async data({ source }: Of<'data'>) {
    const { keeper } = this;
    this.requireRest();
    keeper.data = undefined;
    return this.busy('Reading the pictures…', async () => {
      keeper.data = await openData(source, this.tell);
      if (keeper.net) await keeper.show();
      return summarize(keeper.data);
    });
  }

  async train({ settings }: Of<'train'>): Promise<undefined> {
    this.requireRest();
    const data = need(this.keeper.data, 'pictures');
    this.start({ data, ...configure(settings, data), seed: settings.seed });
  }

  async pause(): Promise<undefined> {
    if (!this.run || this.run.isPaused) return;
    this.run.pause();
    this.phase('paused');
  }

  /** Lets a paused training go on, or one that was stopped, loaded or restored. */
  async resume(): Promise<undefined> {
    if (this.run) {
      this.run.resume();
      this.phase('training');
      return;
    }
    const { net, history, data } = this.keeper;
    const from = need(net, 'net');
    const { config, recipe, seed } = from;
    this.start({ data: need(data, 'pictures'), config, recipe, seed }, from, history);
  }

  async stop(): Promise<undefined> {
    this.tell({ type: 'notice', message: 'Stopping, and looking at what was learned…' });
    this.run?.stop();
  }

  async see({ index }: Of<'see'>): Promise<Seen> {
    const picture = pictureAt(need(this.keeper.data, 'pictures').splits.validation, index);
    return this.keeper.view((viewer) => viewer.see(picture));
  }

  async classify({ picture }: Of<'classify'>) {
    const decoded = await this.decode(picture);
    return this.keeper.view((viewer) => viewer.classify(decoded));
  }

  async load({ file }: Of<'load'>) {
    this.requireRest();
    const net = decodeFile(file.name, new Uint8Array(await file.arrayBuffer()));
    await this.busy('Looking at what the net has learned…', () => this.keeper.put(net));
    return summarizeNet(net, this.keeper.data);
  }

  async save({ format }: Of<'save'>) {
    const net = need(this.keeper.net, 'net');
    const { config, state, recipe, classNames } = net;
    const bytes = format === 'onnx' ? exportOnnx(config, state, { ...recipe, classNames }) : encodeCheckpoint(net);
    return bytes as Uint8Array<ArrayBuffer>;
  }

  /** On a device of its own, so that the net here is not trained by it. */
  async profile() {
    this.requireRest();
    const data = need(this.keeper.data, 'pictures');
    const { config, recipe, seed } = need(this.keeper.net, 'net');
    const gpu = await Gpu.open();
    try {
      return await this.busy('Compiling and timing the kernels…', async () =>
        kernelTimes(await Trainer.create(gpu.device, new YYNet(config), data.splits, recipe, { seed })),
      );
    } finally {
      gpu.close();
    }
  }

  /** Does one thing that nothing else may be done beside. */
  private async busy<T>(message: string, job: () => Promise<T>): Promise<T> {
    this.tell({ type: 'notice', message });
    this.phase('preparing');
    try {
      return await job();
    } finally {
      this.phase('idle');
    }
  }

  private start(context: Omit<RunContext, 'openGpu' | 'tell' | 'onNet'>, from?: Checkpoint, history?: History): void {
    const { keeper } = this;
    const run = new Run(
      {
        ...context,
        tell: this.tell,
        openGpu: () => keeper.openFreshGpu(),
        onNet: (net, history, reason) => keeper.follow(net, history, reason),
      },
      from,
      history,
    );
    this.run = run;
    this.carryOut(run, context.data).catch(({ message }: Error) => this.tell({ type: 'failed', message }));
  }

  private async carryOut(run: Run, data: OpenedData): Promise<void> {
    try {
      this.tell({ type: 'notice', message: 'Compiling the kernels for your GPU…' });
      this.phase('preparing');
      await store.saveData(data).catch(({ message }: Error) => this.tell({ type: 'unsaved', reason: message }));
      await run.prepare();
      if (!run.isPaused) this.phase('training');
      await run.train();
    } finally {
      this.run = undefined;
      this.phase('idle');
    }
  }

  private phase(phase: Phase): void {
    this.tell({ type: 'phase', phase });
  }

  private requireRest(): void {
    if (this.run) throw new UserError('Training is under way: stop it first.');
  }

  /** As the net needs it. */
  private async decode(picture: Blob | ImageBitmap) {
    const { inputSize, inputChannels } = need(this.keeper.net, 'net').config;
    return decode(picture, { size: inputSize, channels: inputChannels }).catch(() => {
      throw new UserError('This is no picture that the browser can read; expected a JPEG, PNG or WebP.');
    });
  }
}

function decodeFile(name: string, bytes: Uint8Array): Checkpoint {
  try {
    return decodeCheckpoint(bytes);
  } catch (error) {
    throw new UserError(`${name}: ${(error as Error).message}`);
  }
}
