/** So many names are told. */
const NAMED = 5;

/** The names in one line, however many there are. */
export function some(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
