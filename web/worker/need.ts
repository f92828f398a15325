import { UserError } from '../../src/index.ts';

const SENTENCES = {
  net: 'There is no net yet: train one, or load a checkpoint.',
  pictures: 'There are no pictures yet: choose some first.',
  'saved run': 'There is no saved run in this browser.',
};

/** @throws UserError where it is not there */
export function need<T>(value: T | undefined, what: keyof typeof SENTENCES): T {
  if (value === undefined) throw new UserError(SENTENCES[what]);
  return value;
}
