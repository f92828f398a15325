import { access, appendFile, mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import { type Checkpoint, encodeCheckpoint } from '../train/checkpoint.ts';
import type { EpochMetrics } from '../train/hooks.ts';
import { readCheckpoint } from './checkpoint_file.ts';
import { metricsBefore, parseMetrics } from './metrics_lines.ts';
import { isRunning, RunLock } from './run_lock.ts';

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Whether a file exists and is not empty. */
const hasContent = (path: string) =>
  stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );

/** Files of a run that a new run must not overwrite. */
const RUN_FILES = ['metrics.jsonl', 'last.safetensors', 'best.safetensors'];

/** A file that a process with this number was writing (see `writeAtomically`) or locking. */
const TEMPORARY =
  /^(?:config\.json|metrics\.jsonl|last\.safetensors|best\.safetensors|curve\.svg|run\.lock.*)\.(\d+)\.tmp$/;

/** An empty config.json is what an older version left where it was killed at once. */
async function holdsRun(path: string): Promise<boolean> {
  const found = await Promise.all([RunFolder.holds(path), ...RUN_FILES.map((name) => exists(join(path, name)))]);
  return found.includes(true);
}

const configText = (config: object) => `${JSON.stringify(config, null, 2)}\n`;

const pathOf = (name: string, i: number) => join('runs', i === 1 ? name : `${name}-${i}`);

/**
 * The folder of a training run: config.json, metrics.jsonl, last.safetensors and best.safetensors, or trace.json. Only one
 * process at a time has it.
 */
export class RunFolder {
  private constructor(
    readonly path: string,
    private readonly lock?: RunLock,
  ) {}

  /**
   * Creates the folder and writes its config.json.
   * @throws UserError if it cannot be written, already contains a run or is in use
   */
  static async create(path: string, config: object): Promise<RunFolder> {
    const folder = await RunFolder.claim(path, config);
    if (folder instanceof UserError) throw folder;
    return folder;
  }

  /**
   * Creates a new folder in runs/ and writes its config.json.
   * @throws UserError if it cannot be written
   */
  static async createNext(name: string, config: object): Promise<RunFolder> {
    for (let i = 1; ; i++) {
      const folder = await RunFolder.claim(pathOf(name, i), config);
      if (folder instanceof RunFolder) return folder;
    }
  }

  /** Creates the folder, or returns why another run has it. Of several processes that start at the same time one gets it. */
  private static async claim(path: string, config: object): Promise<RunFolder | UserError> {
    const taken = () =>
      new UserError(
        `${path} already contains a run; resume it with --resume ${path}, or use another folder with --out.`,
      );
    if (await holdsRun(path)) return taken();
    let folder: RunFolder | undefined;
    try {
      await mkdir(path, { recursive: true });
      folder = new RunFolder(path, await RunLock.take(path));
      if (await holdsRun(path)) {
        await folder.close();
        return taken();
      }
      await folder.removeTemporary();
      await folder.writeConfig(config);
      return folder;
    } catch (error) {
      await folder?.discard();
      if (!folder && error instanceof UserError) return error;
      throw new UserError(`--out ${path} cannot be written: ${(error as Error).message.replace(/\.$/, '')}.`);
    }
  }

  /** Lets other processes have the folder. */
  async close(): Promise<void> {
    await this.lock?.release();
  }

  /** Removes what processes left that were killed while they wrote. */
  private async removeTemporary(): Promise<void> {
    for (const name of await readdir(this.path)) {
      const pid = TEMPORARY.exec(name)?.[1];
      if (pid && !isRunning(Number(pid))) await rm(join(this.path, name), { force: true });
    }
  }

  /** Replaces config.json. */
  async writeConfig(config: object): Promise<void> {
    await writeAtomically(this.configFile, configText(config));
  }

  /** Removes config.json and the folder of a run that could not start. */
  async discard(): Promise<void> {
    await rm(this.configFile, { force: true }).catch(() => {});
    await this.close();
    // rmdir fails, and the folder stays, if it contains other files.
    await rmdir(this.path).catch(() => {});
  }

  /**
   * Opens the folder of a stopped run. Returns its last checkpoint too, if it has written one.
   * @throws UserError if there is no run, it is in use, or its checkpoint is damaged or missing
   */
  static async open(path: string): Promise<{ folder: RunFolder; checkpoint?: Checkpoint }> {
    if (!(await RunFolder.holds(path))) {
      const config = join(path, 'config.json');
      throw new UserError(
        (await exists(config))
          ? `${config} is empty: the run was stopped before it began; start it again with --out ${path}.`
          : `--resume ${path}: the folder contains no run, because it has no config.json.`,
      );
    }
    const folder = new RunFolder(path, await RunLock.take(path));
    try {
      await folder.removeTemporary();
      return { folder, checkpoint: await folder.lastCheckpoint() };
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  /** @throws UserError if it is damaged or missing, with what can be done */
  private async lastCheckpoint(): Promise<Checkpoint | undefined> {
    const last = join(this.path, 'last.safetensors');
    if (!(await exists(last))) {
      if (!(await this.hadCheckpoint())) return undefined;
      throw new UserError(`${last} is missing, so the run cannot be resumed; ${await this.wayOn()}.`);
    }
    const checkpoint = await readCheckpoint(last).catch(async (error: Error) => {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`${error.message.replace(/\.$/, '')}; ${await this.wayOn()}.`);
    });
    if (checkpoint.training) return checkpoint;
    throw new UserError(`${last} contains a net but no training state, so the run cannot be resumed.`);
  }

  /** What can be done without last.safetensors. */
  private async wayOn(): Promise<string> {
    const best = join(this.path, 'best.safetensors');
    const { training } = (await readCheckpoint(best).catch(() => undefined)) ?? {};
    if (!training) return 'start a new run in another folder';
    const { step } = training.position;
    return `copy ${best}, which is of step ${step}, to last.safetensors to go on from there, or start a new run in another folder`;
  }

  /**
   * Whether last.safetensors has existed. If the process ends while it writes the first epoch, one line of metrics and maybe
   * best.safetensors exist without it. curve.svg is drawn when training ends.
   */
  private async hadCheckpoint(): Promise<boolean> {
    const epochs = (await this.lines()).length;
    const files = epochs === 1 ? ['curve.svg'] : ['curve.svg', 'best.safetensors'];
    const found = await Promise.all(files.map((name) => exists(join(this.path, name))));
    return epochs > 1 || found.includes(true);
  }

  /** Whether a folder contains a run, even one without a finished step. */
  static holds(path: string): Promise<boolean> {
    return hasContent(join(path, 'config.json'));
  }

  /** Returns the first of runs/NAME, runs/NAME-2, runs/NAME-3 … that contains no run. */
  static async nextPath(name: string): Promise<string> {
    for (let i = 1; ; i++) {
      const path = pathOf(name, i);
      if (!(await holdsRun(path))) return path;
    }
  }

  get configFile(): string {
    return join(this.path, 'config.json');
  }

  /** Writes trace.json. Returns its path. */
  async writeTrace(trace: object): Promise<string> {
    const file = join(this.path, 'trace.json');
    await writeFile(file, JSON.stringify(trace));
    return file;
  }

  /** Writes the metrics, then the checkpoint of a finished epoch: a resumed run repeats an epoch without a checkpoint. */
  async writeEpoch(metrics: EpochMetrics, checkpoint: Checkpoint): Promise<void> {
    try {
      await appendFile(this.metricsFile, `${JSON.stringify(metrics)}\n`);
    } catch (error) {
      throw new UserError(`${this.metricsFile} cannot be written: ${(error as Error).message}.`);
    }
    const bytes = encodeCheckpoint(checkpoint);
    if (metrics.val_accuracy === metrics.best_accuracy) await this.write('best', bytes);
    await this.write('last', bytes);
  }

  /** Writes last.safetensors. Returns its path. */
  async writeLast(checkpoint: Checkpoint): Promise<string> {
    return this.write('last', encodeCheckpoint(checkpoint));
  }

  private async write(name: 'last' | 'best', bytes: Uint8Array): Promise<string> {
    const file = join(this.path, `${name}.safetensors`);
    await writeAtomically(file, bytes);
    return file;
  }

  private get metricsFile(): string {
    return join(this.path, 'metrics.jsonl');
  }

  /**
   * Returns the metrics of the finished epochs.
   * @throws UserError if metrics.jsonl is damaged
   */
  async metrics(): Promise<EpochMetrics[]> {
    return parseMetrics(await this.lines(), this.metricsFile);
  }

  /**
   * Returns the metrics of the finished epochs of the run in a folder, which another process may be training.
   * @throws UserError if metrics.jsonl is damaged
   */
  static metricsOf(path: string): Promise<EpochMetrics[]> {
    return new RunFolder(path).metrics();
  }

  private async lines(): Promise<string[]> {
    return (await readFile(this.metricsFile, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  }

  /** Draws curve.svg from the metrics of the finished epochs. */
  async drawCurve(): Promise<void> {
    // Imported here because the chart library is slow to load.
    const { learningCurves } = await import('./chart.ts');
    await writeAtomically(join(this.path, 'curve.svg'), learningCurves(await this.metrics()));
  }

  /**
   * Removes the metrics of an epoch and all later ones, because a resumed run writes them again.
   * @returns the earlier epochs that have none
   * @throws UserError if an earlier line is damaged; otherwise only drawing the curve, after training, would find it
   */
  async dropMetricsFrom(epoch: number): Promise<number[]> {
    const lines = await this.lines();
    const { kept, missing } = metricsBefore(epoch, lines, this.metricsFile);
    if (lines.length > kept.length) {
      await writeAtomically(this.metricsFile, kept.map((line) => `${line}\n`).join(''));
    }
    return missing;
  }
}
