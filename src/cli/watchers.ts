import type { Progress, TrainingHooks } from '../train/hooks.ts';
import type { Run } from './run.ts';
import { TensorBoard } from './tensorboard.ts';

/** Receives the progress of a run. */
export interface Watcher extends TrainingHooks {
  /** Called when training has ended; `message` says how. */
  end?(message: string): Promise<void>;
}

export interface WatcherOptions {
  /** Folder for an event file. */
  readonly tensorboard?: string;
  /** Whether to serve the dashboard. */
  readonly dashboard?: boolean;
}

/**
 * Starts the watchers of the options, and prints the dashboard's URL on stderr.
 * @throws UserError if the event file cannot be written or no port is free
 */
export async function startWatchers(run: Run, { tensorboard, dashboard }: WatcherOptions): Promise<Watcher[]> {
  const watchers: Watcher[] = [];
  if (tensorboard) watchers.push(await TensorBoard.open(tensorboard));
  if (dashboard) {
    // Imported here so that other runs do not load the page.
    const { Dashboard } = await import('./dashboard/dashboard.ts');
    const server = await Dashboard.start(run);
    console.error(`The dashboard is at ${server.url} until training ends.`);
    watchers.push(server);
  }
  return watchers;
}

/** Combines watchers into one that calls them one after another. */
export function combineWatchers(watchers: readonly Watcher[]): Required<Pick<Watcher, 'end'>> & Watcher {
  // Without onProgress the trainer does not read the loss back from the GPU.
  const progressWatchers = watchers.filter(({ onProgress }) => onProgress);
  const onProgress = (progress: Progress) => {
    for (const watcher of progressWatchers) watcher.onProgress!(progress);
  };
  return {
    onProgress: progressWatchers.length > 0 ? onProgress : undefined,
    async onStep(step) {
      for (const watcher of watchers) await watcher.onStep?.(step);
    },
    async onEpoch(metrics) {
      for (const watcher of watchers) await watcher.onEpoch?.(metrics);
    },
    async end(message) {
      for (const watcher of watchers) await watcher.end?.(message);
    },
  };
}
