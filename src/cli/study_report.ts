import { join } from 'node:path';
import { writeAtomically } from '../runtime/atomic.ts';
import type { EpochMetrics } from '../train/hooks.ts';
import { dots } from './chart.ts';
import type { Experiment, Study } from './studies.ts';

/** An experiment with the last epoch of each of its runs that is done. */
export interface Outcome extends Experiment {
  readonly finals: readonly EpochMetrics[];
}

/** Writes report.md and report.svg of what is there so far. Returns the path of the report. */
export async function writeReport(
  folder: string,
  { title, subject, seeds }: Study,
  outcomes: readonly Outcome[],
  about: readonly string[],
): Promise<string> {
  const measured = outcomes.map(({ name, finals, paper }) => ({
    name,
    values: finals.map(({ val_accuracy }) => 100 * val_accuracy),
    other: paper.mean,
  }));
  const done = measured.reduce((sum, { values }) => sum + values.length, 0);
  const rows = outcomes.map(({ name, paper }, i) => {
    const { values } = measured[i];
    const cells = [
      `\`${name}\``,
      values.length,
      mean(values),
      deviation(values),
      paper.mean.toFixed(2),
      paper.std?.toFixed(2),
    ];
    return `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
  });
  const report = `# ${title}

${[...about, `${done} of ${seeds * outcomes.length} runs done`].map((line) => `- ${line}`).join('\n')}

Accuracy on the validation images after the last epoch, in percent.

| ${subject} | runs | mean | std | paper | std |
|---|---|---|---|---|---|
${rows.join('\n')}

![Each run's accuracy, and the paper's](report.svg)
`;
  await writeAtomically(join(folder, 'report.svg'), dots(measured, 'accuracy, %', 'paper'));
  const file = join(folder, 'report.md');
  await writeAtomically(file, report);
  return file;
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const mean = (values: readonly number[]) => (values.length > 0 ? average(values).toFixed(2) : undefined);

/** Of a sample, with n − 1. */
function deviation(values: readonly number[]): string | undefined {
  if (values.length < 2) return undefined;
  const centre = average(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1)).toFixed(2);
}
