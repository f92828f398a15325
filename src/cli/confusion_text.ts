import { type ClassScore, type ConfusionMatrix, largestConfusions } from '../inference/confusion.ts';
import { percent } from '../report/format.ts';
import { table } from '../report/table.ts';

/** A matrix of more classes does not fit a terminal. */
const MAX_CLASSES = 20;
/** The most rows of the table of classes, as many as ImageNet has; and the rows of a longer one that are shown. */
const MAX_ROWS = 1000;
const MAX_WEAK = 20;
/** Rows in the list of confused pairs. */
const MAX_PAIRS = 20;

const percentOrDash = (fraction: number | null) => (fraction === null ? '-' : percent(fraction));

/** Formats precision and recall of each class as a table, or of those with the lowest recall if there are too many. */
export function classTable({ classes }: ConfusionMatrix): string {
  const isLong = classes.length > MAX_ROWS;
  const byRecall = (a: ClassScore, b: ClassScore) => (a.recall ?? 1) - (b.recall ?? 1);
  const shown = isLong ? classes.toSorted(byRecall).slice(0, MAX_WEAK) : classes;
  const rows = table([
    ['class', 'pictures', 'precision', 'recall'],
    ...shown.map(({ name, count, precision, recall }) => [
      name,
      String(count),
      percentOrDash(precision),
      percentOrDash(recall),
    ]),
  ]);
  return isLong ? `The ${MAX_WEAK} of ${classes.length} classes with the lowest recall:\n\n${rows}` : rows;
}

/** Formats the matrix as a table, or lists the most frequently confused pairs if there are too many classes. */
export const confusionTable = (confusion: ConfusionMatrix): string =>
  confusion.classNames.length > MAX_CLASSES ? mostConfused(confusion) : matrix(confusion);

function matrix(confusion: ConfusionMatrix): string {
  const { classNames } = confusion;
  const rows = classNames.map((name, label) => [
    `${label} ${name}`,
    ...classNames.map((_, prediction) => String(confusion.at(label, prediction))),
  ]);
  return table([['actual ↓ predicted →', ...classNames.map((_, label) => String(label))], ...rows]);
}

function mostConfused({ classNames, counts }: ConfusionMatrix): string {
  return table([
    ['actual', 'predicted', 'pictures'],
    ...largestConfusions(counts, classNames.length, MAX_PAIRS).map(({ label, prediction, count }) => [
      classNames[label],
      classNames[prediction],
      String(count),
    ]),
  ]);
}
