import { decodeCheckpoint, encodeCheckpoint, exportOnnx, Trainer, UserError, yynet } from '../../src/index.ts';
import { decode } from '../data/decode.ts';
import { squareOf } from '../data/square.ts';
import type { Answers, Event, History, Opened, Phase, PictureMaps, Request, Restored, SavedRun } from '../messages.ts';
import { openData, pictureAt, summarize } from './data.ts';
import { Gpu } from './gpu.ts';
import { kernelTimes } from './kernels.ts';
import { configure, type NetCheckpoint, summarizeNet } from './nets.ts';
import { required } from './required.ts';
import { Run, type RunContext } from './run.ts';
import { fetchStartingNet } from './starting_net.ts';
import * as store from './store.ts';
import { Workspace } from './workspace.ts';

type RequestOf<T extends Request['type']> = Extract<Request, { type: T }>;
type Handlers = { [T in Request['type']]: (request: RequestOf<T>) => Promise<Answers[T]> };

/** Handles the page's requests: one method per request type, with the same name. */
export class Session implements Handlers {
  private readonly workspace: Workspace;
  private run?: Run;

  constructor(private readonly emit: (event: Event) => void) {
    this.workspace = new Workspace(emit);
  }

  handle(request: Request): Promise<Answers[Request['type']]> {
    return (this[request.type] as (request: Request) => Promise<Answers[Request['type']]>).call(this, request);
  }

  async open(): Promise<Opened> {
    const { choice } = await this.workspace.openGpu();
    const { checkpoint, history, ...saved } = (await store.savedRun().catch(() => undefined)) ?? {};
    return { adapter: choice.info, notice: choice.notice, saved: checkpoint && (saved as SavedRun) };
  }

  async restore(): Promise<Restored> {
    const { workspace } = this;
    const saved = required(await store.savedRun(), 'saved run');
    workspace.data = required(await store.savedData(), 'saved run');
    const net = decodeCheckpoint(saved.checkpoint, [yynet]);
    await this.busy('Restoring the run…', () => workspace.setNet(net, saved));
    return { data: summarize(workspace.data), net: summarizeNet(net, workspace.data, saved.start) };
  }

  async forget(): Promise<undefined> {
    await store.forget();
  }

  async data({ source }: RequestOf<'data'>) {
    const { workspace } = this;
    this.requireIdle();
    workspace.data = undefined;
    return this.busy('Reading the pictures…', async () => {
      workspace.data = await openData(source, this.emit);
      if (workspace.net) await workspace.publish();
      return summarize(workspace.data);
    });
  }

  async square({ picture }: RequestOf<'square'>) {
    return squareOf(picture);
  }

  async train({ settings }: RequestOf<'train'>): Promise<undefined> {
    this.requireIdle();
    const data = required(this.workspace.data, 'pictures');
    this.setPhase('preparing');
    try {
      const from = settings.start === 'random' ? undefined : await fetchStartingNet();
      this.workspace.start = settings.start;
      this.start({ data, ...configure(settings, data, from) });
    } catch (error) {
      this.setPhase('idle');
      throw error;
    }
  }

  async pause(): Promise<undefined> {
    if (!this.run || this.run.isPaused) return;
    this.run.pause();
    this.setPhase('paused');
  }

  /** Resumes the paused run, or starts one from the stopped, loaded or restored net. */
  async resume(): Promise<undefined> {
    if (this.run) {
      this.run.resume();
      this.setPhase('training');
      return;
    }
    const { net, history, data } = this.workspace;
    const checkpoint = required(net, 'net');
    const { config, recipe, seed } = checkpoint;
    this.start({ data: required(data, 'pictures'), config, recipe, seed }, checkpoint, history);
  }

  async stop(): Promise<undefined> {
    this.emit({ type: 'notice', message: 'Stopping, and evaluating the net…' });
    this.run?.stop();
  }

  async maps({ index }: RequestOf<'maps'>): Promise<PictureMaps> {
    const picture = pictureAt(required(this.workspace.data, 'pictures').splits.validation, index);
    return this.workspace.withViewer((viewer) => viewer.maps(picture));
  }

  async classify({ picture }: RequestOf<'classify'>) {
    const decoded = await this.decode(picture);
    return this.workspace.withViewer((viewer) => viewer.classify(decoded));
  }

  async load({ file }: RequestOf<'load'>) {
    this.requireIdle();
    const net = decodeFile(file.name, new Uint8Array(await file.arrayBuffer()));
    await this.busy('Evaluating the net…', () => this.workspace.setNet(net));
    return summarizeNet(net, this.workspace.data);
  }

  async save({ format }: RequestOf<'save'>) {
    const net = required(this.workspace.net, 'net');
    const { architecture, config, state, recipe, calibration, classNames } = net;
    const bytes =
      format === 'onnx'
        ? exportOnnx(architecture.create(config), state, { ...recipe, ...calibration, classNames })
        : encodeCheckpoint(net);
    return bytes as Uint8Array<ArrayBuffer>;
  }

  /** Uses a separate device and a new net, because profiling trains the net. */
  async profile() {
    this.requireIdle();
    const data = required(this.workspace.data, 'pictures');
    const { config, recipe, seed } = required(this.workspace.net, 'net');
    const gpu = await Gpu.open();
    try {
      return await this.busy('Compiling and timing the kernels…', async () =>
        kernelTimes(await Trainer.create(gpu.device, yynet.create(config), data.splits, recipe, { seed })),
      );
    } finally {
      gpu.close();
    }
  }

  /** Runs a job in the phase 'preparing', in which the page disables its controls. */
  private async busy<T>(message: string, job: () => Promise<T>): Promise<T> {
    this.emit({ type: 'notice', message });
    this.setPhase('preparing');
    try {
      return await job();
    } finally {
      this.setPhase('idle');
    }
  }

  private start(
    context: Omit<RunContext, 'openGpu' | 'emit' | 'onCheckpoint'>,
    checkpoint?: NetCheckpoint,
    history?: History,
  ): void {
    const { workspace } = this;
    const run = new Run(
      {
        ...context,
        emit: this.emit,
        openGpu: () => workspace.openFreshGpu(),
        onCheckpoint: (net, history, reason) => workspace.updateNet(net, history, reason),
      },
      checkpoint,
      history,
    );
    this.run = run;
    this.execute(run, context).catch(({ message }: Error) => this.emit({ type: 'failed', message }));
  }

  private async execute(run: Run, { data, origin }: Pick<RunContext, 'data' | 'origin'>): Promise<void> {
    try {
      const said = origin ? `${origin} ` : '';
      this.emit({ type: 'notice', message: `${said}Compiling the kernels for your GPU…` });
      this.setPhase('preparing');
      await store.saveData(data).catch(({ message }: Error) => this.emit({ type: 'unsaved', reason: message }));
      await run.prepare();
      if (!run.isPaused) {
        this.setPhase('training');
        if (origin) this.emit({ type: 'notice', message: `Training started. ${origin}` });
      }
      await run.train();
    } finally {
      this.run = undefined;
      this.setPhase('idle');
    }
  }

  private setPhase(phase: Phase): void {
    this.emit({ type: 'phase', phase });
  }

  private requireIdle(): void {
    if (this.run) throw new UserError('Training is running: stop it first.');
  }

  /** Decodes a picture at the net's input size and number of channels. */
  private async decode(picture: Blob | ImageBitmap) {
    const { inputSize, inputChannels } = required(this.workspace.net, 'net').config;
    return decode(picture, { size: inputSize, channels: inputChannels }).catch(({ message }: Error) => {
      const name = picture instanceof File ? picture.name : 'This picture';
      throw new UserError(`${name} cannot be read as a picture: ${message}.`);
    });
  }
}

function decodeFile(name: string, bytes: Uint8Array): NetCheckpoint {
  try {
    return decodeCheckpoint(bytes, [yynet]);
  } catch (error) {
    throw new UserError(`${name}: ${(error as Error).message}`);
  }
}
