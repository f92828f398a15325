import { listNames } from '../src/data/list_names.ts';
import { ConfusionMatrix, largestConfusions } from '../src/inference/confusion.ts';
import type { Insight } from '../src/inference/insight.ts';
import { isLikeGuessing, isTooFewToTell, weakClasses } from '../src/inference/level.ts';
import { percent } from '../src/report/format.ts';

/** Classes of fewer training pictures are called small. */
const ENOUGH = 20;
/** Classes that differ by more than this factor are called unequal. */
const UNEQUAL = 3;

/**
 * What to do about the result of a training, a sentence each.
 * @param counts number of training pictures of each class
 */
export function adviceOn(insight: Insight, counts: readonly number[]): string[] {
  const { classNames, accuracy, count } = insight;
  const chance = 1 / classNames.length;
  if (!isLikeGuessing(accuracy, classNames.length, count)) return onWeakest(insight);
  return [
    isTooFewToTell(accuracy, classNames.length, count)
      ? `${count} validation pictures are too few to tell this from guessing, which gives ${percent(chance)}.`
      : `The net does no better than guessing, which gives ${percent(chance)}.`,
    ...onNumbers(classNames, counts),
    ...onConfusion(insight),
  ];
}

function onNumbers(classNames: readonly string[], counts: readonly number[]): string[] {
  const few = classNames.filter((_, label) => counts[label] < ENOUGH);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const nameOf = (count: number) => classNames[counts.indexOf(count)];
  if (few.length > 0) {
    const numbers = few.map((name) => `${name} (${counts[classNames.indexOf(name)]})`);
    return [
      `Too few pictures to train on: ${listNames(numbers)}. Add some; ${ENOUGH} or more of each class are better.`,
    ];
  }
  if (most > UNEQUAL * least) {
    return [`${nameOf(least)} has ${least} pictures, ${nameOf(most)} ${most}: give each class about as many.`];
  }
  return [];
}

function onConfusion({ classNames, confusion }: Insight): string[] {
  const [most] = largestConfusions(confusion, classNames.length, 1);
  if (!most) return [];
  const [label, prediction] = [classNames[most.label], classNames[most.prediction]];
  return [
    `${label} is most often taken for ${prediction}: check that their pictures are on the right cards, and show what differs large and from several sides.`,
  ];
}

function onWeakest({ classNames, confusion }: Insight): string[] {
  const matrix = new ConfusionMatrix(classNames);
  matrix.counts.set(confusion);
  const [weakest] = weakClasses(matrix.classes);
  if (!weakest) return [];
  const { name, recall, count } = weakest;
  return [
    `The net knows ${name} least: ${percent(recall)} of its ${count} validation pictures. More pictures of it may help.`,
  ];
}
