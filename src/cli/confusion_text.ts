import type { ConfusionMatrix } from '../train/confusion.ts';
import { percent } from '../train/format.ts';
import { table } from '../train/table.ts';

/** A matrix of more classes would not fit a terminal. */
const MOST_CLASSES = 20;
const MOST_CONFUSIONS = 20;

const percentOrNone = (share: number | null) => (share === null ? '-' : percent(share));

/** How well each class is told from the others, as a table. */
export const classTable = ({ classes }: ConfusionMatrix): string =>
  table([
    ['class', 'pictures', 'precision', 'recall'],
    ...classes.map(({ name, count, precision, recall }) => [
      name,
      String(count),
      percentOrNone(precision),
      percentOrNone(recall),
    ]),
  ]);

/** The whole matrix, or where it has too many classes, the classes that are most often taken for one another. */
export const confusionTable = (confusion: ConfusionMatrix): string =>
  confusion.classNames.length > MOST_CLASSES ? mostConfused(confusion) : matrix(confusion);

function matrix(confusion: ConfusionMatrix): string {
  const { classNames } = confusion;
  const rows = classNames.map((name, label) => [
    `${label} ${name}`,
    ...classNames.map((_, prediction) => String(confusion.at(label, prediction))),
  ]);
  return table([['is … taken for →', ...classNames.map((_, label) => String(label))], ...rows]);
}

function mostConfused(confusion: ConfusionMatrix): string {
  const { classNames } = confusion;
  const pairs = classNames.flatMap((is, label) =>
    classNames.map((taken, prediction) => ({
      is,
      taken,
      count: label === prediction ? 0 : confusion.at(label, prediction),
    })),
  );
  const most = pairs
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_CONFUSIONS);
  return table([['is', 'taken for', 'times'], ...most.map(({ is, taken, count }) => [is, taken, String(count)])]);
}
