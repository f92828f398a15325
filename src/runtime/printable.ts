/** Control characters, line separators, and marks that reverse the direction of text. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

const escapeControl = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Escapes what a terminal would not print but obey, as \\u001b: names come from files and folders of others. The escapes are
 * valid in JSON, too. Line breaks and tabs stay.
 */
export const printable = (text: string): string =>
  text.replace(CONTROL, (character) => (/[\n\t]/.test(character) ? character : escapeControl(character)));

/** The same for a name within a line: line breaks and tabs are escaped, too. */
export const printableName = (name: string): string => name.replace(CONTROL, escapeControl);

/** Cuts the middle out of a text of more than `length` characters, and says how many are left out. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const half = Math.floor(length / 2);
  return `${text.slice(0, half)} … (${text.length - 2 * half} characters) … ${text.slice(-half)}`;
}
