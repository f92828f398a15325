import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../runtime/atomic.ts';
import type { EpochMetrics } from '../train/hooks.ts';
import { paperRecipe } from '../train/recipe.ts';
import { accuracyPlane, dotPlot } from './chart.ts';
import { readSettings } from './settings.ts';
import type { Experiment, OtherNet } from './studies.ts';
import { describeRun, finalEpoch, type Plan, type PlannedRun } from './study_plan.ts';

/**
 * Writes report.md and report.svg about the runs that are done.
 * @param failures a line for each run that failed
 * @returns the path of report.md
 */
export async function writeReport({ study, folder, runs }: Plan, failures: readonly string[] = []): Promise<string> {
  const { title, subject, seeds } = study;
  const finals = await Promise.all(runs.map(async (run) => ({ run, final: await finalEpoch(run) })));
  const finished = finals.flatMap(({ run, final }) => (final ? [{ run, final }] : []));
  const outcomes = study.experiments.map((experiment) => ({
    ...experiment,
    finals: finished.filter(({ run }) => run.experiment === experiment).map(({ final }) => final),
  }));
  const notes = [...(await notesOn(finished.map(({ run }) => run))), ...failures];
  const measurements = outcomes.map(({ name, finals, paper }) => ({
    name,
    values: finals.map(({ val_accuracy }) => 100 * val_accuracy),
    reference: paper.mean,
  }));
  const done = measurements.reduce((sum, { values }) => sum + values.length, 0);
  const rows = outcomes.map(({ name, paper }, i) => {
    const { values } = measurements[i];
    const cells = [
      `\`${name}\``,
      values.length,
      formatMean(values),
      standardDeviation(values),
      paper.mean.toFixed(2),
      paper.std?.toFixed(2),
    ];
    return `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
  });
  const report = `# ${title}

${[...notes, `${done} of ${seeds * outcomes.length} runs done`].map((line) => `- ${line}`).join('\n')}

Accuracy on the validation pictures after the last epoch, in percent.

| ${subject} | runs | mean | std | paper | std |
|---|---|---|---|---|---|
${rows.join('\n')}

![Each run's accuracy, and the paper's](report.svg)
${study.others ? comparison(study.others) : ''}`;
  await writeAtomically(join(folder, 'report.svg'), dotPlot(measurements, 'accuracy, %', 'paper'));
  if (study.others) await writeAtomically(join(folder, 'sizes.svg'), sizes(outcomes, study.others));
  const file = join(folder, 'report.md');
  await writeAtomically(file, report);
  return file;
}

/** The section of the report about other nets. */
const comparison = (others: readonly OtherNet[]) => `
## Beside other small nets

| net | parameters | accuracy, % | epochs | source |
|---|---|---|---|---|
${others
  .map(
    ({ name, parameters, accuracy, epochs, source }) =>
      `| ${[name, parameters.toLocaleString('en'), accuracy, epochs, source].join(' | ')} |`,
  )
  .join('\n')}

The paper's nets are trained for ${paperRecipe.epochs} epochs. The other nets are not measured here: these are their authors' figures,
by their own recipes.

![Accuracy and parameters of these nets, with their epochs](sizes.svg)
`;

/** Draws all nets on the plane of accuracy and parameters. */
function sizes(
  outcomes: readonly (Experiment & { finals: readonly EpochMetrics[] })[],
  others: readonly OtherNet[],
): string {
  const sized = outcomes.flatMap(({ parameters, ...outcome }) => (parameters ? [{ parameters, ...outcome }] : []));
  return accuracyPlane({
    'these runs': sized.flatMap(({ parameters, finals }) =>
      finals.map(({ val_accuracy }) => ({ parameters, accuracy: 100 * val_accuracy })),
    ),
    'the paper': sized.map(({ parameters, paper, name }) => ({
      ...{ parameters, accuracy: paper.mean },
      label: `${name.split(',')[0]}, ${paperRecipe.epochs}`,
    })),
    'other nets': others.map(({ parameters, accuracy, name, epochs }) => ({
      ...{ parameters, accuracy },
      label: `${name}, ${epochs}`,
    })),
  });
}

/** Lines about the settings of finished runs. */
async function notesOn(runs: readonly PlannedRun[]): Promise<string[]> {
  const [first] = runs;
  if (!first) return [];
  const { epochs, batchSize, precision, limitTrain } = await readSettings(join(first.path, 'config.json'));
  const pictures = limitTrain ? `the first ${limitTrain} pictures` : 'all pictures';
  const common = `${first.settings.data}, ${pictures}, ${epochs} epochs of batches of ${batchSize}, ${precision}`;
  const moves = await Promise.all(runs.map(moveOf));
  return [common, ...moves.filter((move) => move !== undefined)];
}

/** A line about a run that went on on another adapter: its bits are not those of either. */
async function moveOf(run: PlannedRun): Promise<string | undefined> {
  const { adapter } = JSON.parse(await readFile(join(run.path, 'config.json'), 'utf8'));
  return Array.isArray(adapter) ? `${describeRun(run)} moved between adapters: ${adapter.join(', ')}` : undefined;
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const formatMean = (values: readonly number[]) => (values.length > 0 ? average(values).toFixed(2) : undefined);

/** Sample standard deviation, with n − 1 in the denominator. */
function standardDeviation(values: readonly number[]): string | undefined {
  if (values.length < 2) return undefined;
  const mean = average(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)).toFixed(2);
}
