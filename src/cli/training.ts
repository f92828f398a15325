import { join } from 'node:path';
import { calibrate } from '../inference/calibrate.ts';
import { Classifier } from '../inference/classifier.ts';
import { writeAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import { encodeCheckpoint } from '../train/checkpoint.ts';
import { DivergedError } from '../train/health.ts';
import { largestPart } from '../train/recipe.ts';
import { checkpointFile, readCheckpoint } from './checkpoint_file.ts';
import { CheckpointWriter } from './checkpoint_writer.ts';
import { closingSummary } from './closing_summary.ts';
import { type Crew, solo } from './crew.ts';
import { describeEpoch, ProgressLine } from './progress.ts';
import type { Run } from './run.ts';
import type { RunFolder } from './run_folder.ts';
import { combineWatchers, startWatchers, type Watcher, type WatcherOptions } from './watchers.ts';

export interface TrainOptions extends WatcherOptions {
  /** Steps between two checkpoints within an epoch. */
  readonly checkpointEvery?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * Trains until the end or a signal, and writes checkpoints and metrics to the run's folder.
 * @param crew the processes that train it together
 * @returns false if a signal stopped it
 * @throws UserError or DivergedError with a hint about what to do next
 */
export async function train(run: Run, options: TrainOptions, crew: Crew = solo): Promise<boolean> {
  const { trainer, folder, maxSteps } = run;
  const { checkpointEvery, json, quiet } = options;
  const progress = new ProgressLine();
  const writer = new CheckpointWriter(run, checkpointEvery, crew);
  const printer: Watcher = {
    onProgress: json || quiet ? undefined : (step) => progress.update(step),
    onEpoch: (metrics) => {
      if (json) console.log(JSON.stringify(metrics));
      else if (!quiet) progress.print(describeEpoch(metrics, trainer.recipe.epochs));
    },
  };
  const watchers = combineWatchers([writer, printer, ...(await startWatchers(run, options))]);
  const { signal, release } = crew.listen();
  try {
    await trainer.run(watchers, { maxSteps, signal });
    if (signal.aborted) {
      progress.stop();
      const file = await writer.writeLast();
      if (!quiet) console.error(`Stopped after step ${trainer.step}, saved to ${file}; ${resumeHint(folder)}.`);
      process.exitCode = signal.reason;
    }
    await folder.drawCurve();
    if (trainer.finished) await calibrateBest(run);
    if (trainer.finished && !json && !quiet) console.log(`\n${await summarize(run)}`);
    await watchers.end(trainer.finished ? 'Training is done.' : `Training stopped after step ${trainer.step}.`);
    return !signal.aborted;
  } catch (error) {
    addHint(error as Error, folder, writer.step);
    await watchers.end((error as Error).message);
    throw error;
  } finally {
    progress.stop();
    release();
  }
}

const validationBatch = ({ trainer: { recipe }, data: { validation } }: Run) =>
  Math.min(largestPart(recipe, recipe.batchSize), validation.length);

/** Calibrates the best net of a finished run, and writes it again. */
export async function calibrateBest(run: Run): Promise<void> {
  const { trainer, data, folder } = run;
  const file = await checkpointFile(folder.path);
  const best = await readCheckpoint(file);
  if (best.calibration) return;
  const calibration = await calibrate(trainer.device, best, data, validationBatch(run));
  await writeAtomically(file, encodeCheckpoint({ ...best, calibration }));
}

/** The closing summary of a finished run. Scores its best net once more, class by class. */
async function summarize(run: Run): Promise<string> {
  const { trainer, data, folder } = run;
  const best = await readCheckpoint(folder.path);
  const classifier = await Classifier.create(trainer.device, best, validationBatch(run));
  const { confusion } = await classifier.evaluate(data.validation);
  classifier.dispose();
  return closingSummary({ metrics: await folder.metrics(), confusion, path: folder.path });
}

const resumeHint = ({ path }: RunFolder) => `yy-train --resume ${path} resumes the run`;

/** Appends a hint about what to do next to an error's message. */
function addHint(error: Error, folder: RunFolder, checkpointStep: number): void {
  if (error instanceof UserError) return;
  const last = join(folder.path, 'last.safetensors');
  const state =
    checkpointStep > 0 ? `The last checkpoint is ${last}, of step ${checkpointStep}` : 'There is no checkpoint yet';
  const next = error instanceof DivergedError ? 'try a new run with a smaller --lr' : resumeHint(folder);
  error.message += ` ${state}; ${next}.`;
}
