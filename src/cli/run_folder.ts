import { access, appendFile, mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import { type Checkpoint, encodeCheckpoint } from '../train/checkpoint.ts';
import type { EpochMetrics } from '../train/hooks.ts';
import { readCheckpoint } from './checkpoint_file.ts';

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** What a new run would overwrite and somebody could miss. */
const PRECIOUS = ['config.json', 'metrics.jsonl', 'last.safetensors', 'best.safetensors'];

async function holdsRun(path: string): Promise<boolean> {
  const found = await Promise.all(PRECIOUS.map((name) => exists(join(path, name))));
  return found.includes(true);
}

/** The folder of a training run: config.json, metrics.jsonl, last.safetensors and best.safetensors, or trace.json. */
export class RunFolder {
  private constructor(readonly path: string) {}

  /**
   * Makes the folder and writes its config.json.
   * @throws UserError where it cannot be written, or already holds a run
   */
  static async create(path: string, config: object): Promise<RunFolder> {
    const folder = await RunFolder.claim(path, config);
    if (folder) return folder;
    throw new UserError(
      `${path} already holds a run; go on with it by --resume ${path}, or give --out another folder.`,
    );
  }

  /**
   * Makes a folder under runs/ that is the run's own, and writes its config.json.
   * @throws UserError where it cannot be written
   */
  static async createNext(name: string, config: object): Promise<RunFolder> {
    for (;;) {
      const folder = await RunFolder.claim(await RunFolder.next(name), config);
      if (folder) return folder;
    }
  }

  /** Returns nothing where a run is already: of processes that begin one there at once, a single one makes config.json. */
  private static async claim(path: string, config: object): Promise<RunFolder | undefined> {
    if (await holdsRun(path)) return undefined;
    const folder = new RunFolder(path);
    try {
      await mkdir(path, { recursive: true });
      await writeFile(folder.configFile, `${JSON.stringify(config, null, 2)}\n`, { flag: 'wx' });
    } catch (error) {
      const { code, message, syscall } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' && (await exists(folder.configFile))) return undefined;
      // A full disk leaves an empty file.
      if (syscall === 'write') await folder.discard();
      throw new UserError(`--out ${path} cannot be written: ${message}.`);
    }
    return folder;
  }

  /** Leaves nothing of a run that could not begin. */
  async discard(): Promise<void> {
    await rm(this.configFile, { force: true }).catch(() => {});
    // Where somebody keeps other files, the folder stays.
    await rmdir(this.path).catch(() => {});
  }

  /**
   * Opens the folder of a run that was stopped, at its last checkpoint where it came to one.
   * @throws UserError where there is no run, or its checkpoint is damaged or was lost
   */
  static async open(path: string): Promise<{ folder: RunFolder; from?: Checkpoint }> {
    if (!(await RunFolder.holds(path))) {
      throw new UserError(`--resume ${path}: there is no run, as it has no config.json.`);
    }
    const folder = new RunFolder(path);
    const last = join(path, 'last.safetensors');
    if (!(await exists(last))) {
      if (await folder.hadCheckpoint()) {
        throw new UserError(`${last} is missing, from which the run would go on; a new run needs another folder.`);
      }
      return { folder };
    }
    const from = await readCheckpoint(last);
    if (!from.training) throw new UserError(`${last} holds a net, but no training that could go on.`);
    return { folder, from };
  }

  /**
   * Whether last.safetensors was written once. A first epoch that was cut short as it was kept leaves its line, and maybe
   * best.safetensors; the curve is drawn when training ends.
   */
  private async hadCheckpoint(): Promise<boolean> {
    const epochs = (await this.lines()).length;
    const files = epochs === 1 ? ['curve.svg'] : ['curve.svg', 'best.safetensors'];
    const found = await Promise.all(files.map((name) => exists(join(this.path, name))));
    return epochs > 1 || found.includes(true);
  }

  /** Whether a run was begun in a folder, be it only that its config.json was written. */
  static holds(path: string): Promise<boolean> {
    return exists(join(path, 'config.json'));
  }

  /** The first of runs/NAME, runs/NAME-2, runs/NAME-3 … that holds no run yet. */
  static async next(name: string): Promise<string> {
    for (let i = 1; ; i++) {
      const path = join('runs', i === 1 ? name : `${name}-${i}`);
      if (!(await holdsRun(path))) return path;
    }
  }

  get configFile(): string {
    return join(this.path, 'config.json');
  }

  /** Returns where the trace lies. */
  async writeTrace(trace: object): Promise<string> {
    const file = join(this.path, 'trace.json');
    await writeFile(file, JSON.stringify(trace));
    return file;
  }

  /** Keeps a finished epoch. The checkpoint is written last: whatever is lost before it, a resume makes again. */
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

  /** Keeps where training stands. Returns the file. */
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
   * The finished epochs.
   * @throws UserError where their file is damaged
   */
  async metrics(): Promise<EpochMetrics[]> {
    return this.parse(await this.lines());
  }

  private parse(lines: readonly string[]): EpochMetrics[] {
    return lines.map((line, i) => {
      try {
        return JSON.parse(line);
      } catch {
        throw new UserError(`${this.metricsFile}, line ${i + 1} is damaged: expected the metrics of an epoch as JSON.`);
      }
    });
  }

  private async lines(): Promise<string[]> {
    const text = await readFile(this.metricsFile, 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean);
  }

  /** Draws curve.svg of the finished epochs. */
  async drawCurve(): Promise<void> {
    // Loaded when it is needed: the library takes longer than all else to load.
    const { curves } = await import('./chart.ts');
    await writeAtomically(join(this.path, 'curve.svg'), curves(await this.metrics()));
  }

  /**
   * Drops the lines from an epoch on, which is about to be trained, or to be trained on: they will be written again.
   * @throws UserError where one before them is damaged, which would be found only when the curve is drawn
   */
  async forgetMetrics(epoch: number): Promise<void> {
    const lines = await this.lines();
    if (lines.length === 0) return;
    const kept = lines.slice(0, epoch - 1);
    this.parse(kept);
    await writeAtomically(this.metricsFile, kept.map((line) => `${line}\n`).join(''));
  }
}
