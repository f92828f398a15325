import type { Checkpoint } from '../train/checkpoint.ts';
import type { EpochMetrics } from '../train/hooks.ts';
import type { Run } from './run.ts';
import type { RunFolder } from './run_folder.ts';
import type { Watcher } from './watchers.ts';

interface Options {
  /** Called, and awaited, before a checkpoint is written. */
  readonly verify?: (checkpoint: Checkpoint) => Promise<void>;
  /** Called, and awaited, after each checkpoint. */
  readonly written?: () => Promise<void>;
}

/** Writes a run's checkpoints and metrics to its folder. */
export class CheckpointWriter implements Watcher {
  /** The step of the last checkpoint. */
  step: number;

  /** @param every steps between two checkpoints within an epoch */
  constructor(
    private readonly run: Pick<Run, 'trainer'> & { readonly folder: Pick<RunFolder, 'writeEpoch' | 'writeLast'> },
    private readonly every = Number.POSITIVE_INFINITY,
    private readonly options: Options = {},
  ) {
    this.step = run.trainer.step;
  }

  async onStep(step: number): Promise<void> {
    if (step % this.every === 0) await this.writeLast();
  }

  async onEpoch(metrics: EpochMetrics): Promise<void> {
    await this.run.folder.writeEpoch(metrics, await this.checkpoint());
    await this.wrote();
  }

  /** Writes last.safetensors. Returns its path. */
  async writeLast(): Promise<string> {
    const file = await this.run.folder.writeLast(await this.checkpoint());
    await this.wrote();
    return file;
  }

  private async checkpoint(): Promise<Checkpoint> {
    const checkpoint = await this.run.trainer.checkpoint();
    await this.options.verify?.(checkpoint);
    return checkpoint;
  }

  private async wrote(): Promise<void> {
    this.step = this.run.trainer.step;
    await this.options.written?.();
  }
}
