import type { ClassScore } from './confusion.ts';

/** The classes below this share of the mean recall are called weak. */
const WEAK = 0.8;

/** On fewer pictures, luck hides what a net knows. */
const FEW = 30;

/** Whether an accuracy on some pictures could be luck: it is within two standard deviations of guessing. */
export function isLikeGuessing(accuracy: number, classes: number, pictures: number): boolean {
  const chance = 1 / classes;
  return accuracy <= chance + 2 * Math.sqrt((chance * (1 - chance)) / pictures);
}

/** Whether an accuracy that could be luck could as well be none: it is above guessing, on few pictures. */
export const isTooFewToTell = (accuracy: number, classes: number, pictures: number): boolean =>
  accuracy > 1 / classes && pictures < FEW;

/** The classes that a net knows well below the mean, the weakest first. */
export function weakClasses(
  scores: readonly ClassScore[],
): { readonly name: string; readonly count: number; readonly recall: number }[] {
  const known = scores.flatMap(({ name, count, recall }) => (recall === null ? [] : [{ name, count, recall }]));
  const mean = known.reduce((sum, { recall }) => sum + recall, 0) / known.length;
  return known.filter(({ recall }) => recall < WEAK * mean).sort((a, b) => a.recall - b.recall);
}
