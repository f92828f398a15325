import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { DivergedError } from '../train/health.ts';
import { describe, ProgressLine } from './progress.ts';
import type { Run } from './run.ts';
import type { RunFolder } from './run_folder.ts';
import { startWatchers, together, type Watcher, type WatcherOptions } from './watchers.ts';

interface Options extends WatcherOptions {
  /** Steps from one checkpoint to the next within an epoch. */
  readonly checkpointEvery?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Signals that end training after the step under way, and the exit code that each is known by. */
const STOPS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Trains to the end, or until a signal asks to stop, and keeps checkpoints and metrics in the folder.
 * @returns whether it went to the end
 * @throws UserError or DivergedError that says how to go on
 */
export async function train(run: Run, options: Options): Promise<boolean> {
  const { trainer, folder, maxSteps } = run;
  const { checkpointEvery = Number.POSITIVE_INFINITY, json, quiet } = options;
  const progress = new ProgressLine();
  const keeper: Watcher = {
    onStep: async (step) => {
      if (step % checkpointEvery !== 0) return;
      await folder.writeLast(await trainer.checkpoint());
      kept = step;
    },
    onEpoch: async (metrics) => {
      await folder.writeEpoch(metrics, await trainer.checkpoint());
      kept = metrics.step;
    },
  };
  const printer: Watcher = {
    onProgress: json || quiet ? undefined : (step) => progress.update(step),
    onEpoch: (metrics) => {
      if (json) console.log(JSON.stringify(metrics));
      else if (!quiet) progress.print(describe(metrics, trainer.recipe.epochs));
    },
  };
  let kept = trainer.step;
  const all = together([keeper, printer, ...(await startWatchers(run, options))]);
  const stop = new AbortController();
  const stops = Object.entries(STOPS).map(([signal, code]) => {
    const listener = () => stop.abort(code);
    // Once: a second signal ends the process at once.
    process.once(signal, listener);
    return () => process.off(signal, listener);
  });
  try {
    await trainer.run(all, { maxSteps, signal: stop.signal });
    if (stop.signal.aborted) {
      progress.stop();
      const file = await folder.writeLast(await trainer.checkpoint());
      if (!quiet) console.error(`Stopped after step ${trainer.step}, kept in ${file}; ${resumeHint(folder)}.`);
      process.exitCode = stop.signal.reason;
    }
    await folder.drawCurve();
    await all.end(trainer.finished ? 'Training is done.' : `Training stopped after step ${trainer.step}.`);
    return !stop.signal.aborted;
  } catch (error) {
    const told = withHint(error as Error, folder, kept);
    await all.end(told.message);
    throw told;
  } finally {
    progress.stop();
    for (const remove of stops) remove();
  }
}

const resumeHint = ({ path }: RunFolder) => `yy-train --resume ${path} goes on from there`;

/** An error's message with what can be done next. */
function withHint(error: Error, folder: RunFolder, kept: number): Error {
  const last = join(folder.path, 'last.safetensors');
  if (error instanceof DivergedError) {
    const good = kept > 0 ? `The last good checkpoint is ${last}, of step ${kept}` : 'There is no checkpoint yet';
    error.message += ` ${good}; a new run with a smaller --lr may do better.`;
  } else if (!(error instanceof UserError)) {
    error.message += ` Nothing was written half: ${last} is of step ${kept}; ${resumeHint(folder)}.`;
  }
  return error;
}
