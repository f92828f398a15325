import { printableName } from '../runtime/printable.ts';

const MAX_LISTED = 5;

/** Joins at most five names with commas, and appends the number of the remaining ones: 'a, b, c, d, e and 7 more'. */
export function listNames(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return names.slice(0, MAX_LISTED).map(printableName).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
