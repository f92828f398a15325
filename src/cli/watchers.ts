import type { Progress, TrainingHooks } from '../train/hooks.ts';
import type { Run } from './run.ts';
import { TensorBoard } from './tensorboard.ts';

/** Hears how a run goes and, in words, how it ended. */
export interface Watcher extends TrainingHooks {
  end?(message: string): Promise<void>;
}

export interface WatcherOptions {
  /** The folder of an event file. */
  readonly tensorboard?: string;
  /** Whether to serve a page. */
  readonly dashboard?: boolean;
}

/**
 * Starts those that are asked for, and tells on stderr where the page is.
 * @throws UserError where a file cannot be written, or no port be had
 */
export async function startWatchers(run: Run, { tensorboard, dashboard }: WatcherOptions): Promise<Watcher[]> {
  const watchers: Watcher[] = [];
  if (tensorboard) watchers.push(await TensorBoard.open(tensorboard));
  if (dashboard) {
    // Loaded when it is needed, with its page.
    const { Dashboard } = await import('./dashboard/dashboard.ts');
    const started = await Dashboard.start(run);
    console.error(`The dashboard is at ${started.url} until training ends.`);
    watchers.push(started);
  }
  return watchers;
}

/** One watcher that tells the others, one after the other. */
export function together(watchers: readonly Watcher[]): Required<Pick<Watcher, 'end'>> & Watcher {
  // Trainers read the loss back only for who wants to know.
  const curious = watchers.filter(({ onProgress }) => onProgress);
  const tellProgress = (progress: Progress) => {
    for (const watcher of curious) watcher.onProgress!(progress);
  };
  return {
    onProgress: curious.length > 0 ? tellProgress : undefined,
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
