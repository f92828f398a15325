import { access, appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors } from '../data/safetensors.ts';
import type { StateDict } from '../nn/parameters.ts';
import { UserError } from '../runtime/errors.ts';

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Whether there is anything that a new run would overwrite and somebody could miss. */
const holdsRun = async (path: string) =>
  (await exists(join(path, 'metrics.jsonl'))) || (await exists(join(path, 'last.safetensors')));

/** The folder a training run writes: config.json, metrics.jsonl and last.safetensors, or trace.json. */
export class RunFolder {
  private constructor(readonly path: string) {}

  /**
   * Makes the folder and writes its config.json.
   * @throws UserError where it cannot be written, or already holds a run
   */
  static async create(path: string, config: object): Promise<RunFolder> {
    if (await holdsRun(path)) throw new UserError(`${path} already holds a run; give --out another folder.`);
    try {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
    } catch (error) {
      throw new UserError(`--out ${path} cannot be written: ${(error as Error).message}.`);
    }
    return new RunFolder(path);
  }

  /** The first of runs/NAME, runs/NAME-2, runs/NAME-3 … that holds no run yet. */
  static async next(name: string): Promise<string> {
    for (let i = 1; ; i++) {
      const path = join('runs', i === 1 ? name : `${name}-${i}`);
      if (!(await holdsRun(path))) return path;
    }
  }

  async appendMetrics(metrics: object): Promise<void> {
    await appendFile(join(this.path, 'metrics.jsonl'), `${JSON.stringify(metrics)}\n`);
  }

  /** Returns where the trace lies. */
  async writeTrace(trace: object): Promise<string> {
    const file = join(this.path, 'trace.json');
    await writeFile(file, JSON.stringify(trace));
    return file;
  }

  /** Replaces last.safetensors, in one move, so that it is never half written. */
  async writeCheckpoint(state: StateDict, metadata: ReadonlyMap<string, string>): Promise<void> {
    const tensors = new Map(
      Object.entries(state).map(([name, { shape, data }]) => [name, { dtype: 'F32' as const, shape, data }]),
    );
    const file = join(this.path, 'last.safetensors');
    await writeFile(`${file}.tmp`, encodeSafetensors(tensors, metadata));
    await rename(`${file}.tmp`, file);
  }
}
