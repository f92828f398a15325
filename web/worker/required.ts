import { UserError } from '../../src/index.ts';

const ERRORS = {
  net: 'There is no net yet: train one, or load a checkpoint.',
  pictures: 'There are no pictures yet: choose some first.',
  'saved run': 'There is no saved run in this browser.',
};

/**
 * Returns a value that an action depends on.
 * @throws {UserError} if it is undefined
 */
export function required<T>(value: T | undefined, name: keyof typeof ERRORS): T {
  if (value === undefined) throw new UserError(ERRORS[name]);
  return value;
}
