import { UserError } from '../runtime/errors.ts';

const MARKS = [
  ['utf-8', 0xef, 0xbb, 0xbf],
  ['utf-16le', 0xff, 0xfe],
  ['utf-16be', 0xfe, 0xff],
] as const;

/** Bytes that decide whether text without a mark is UTF-16. */
const SAMPLE = 64;

/** The encoding of a text file: by its byte-order mark, or by zeros in every second byte, as UTF-16 has in Western texts. */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const marked = MARKS.find(([, ...mark]) => mark.every((byte, i) => bytes[i] === byte));
  if (marked) return marked[0];
  const sample = bytes.subarray(0, SAMPLE);
  const zerosAt = (odd: 0 | 1) => sample.every((byte, i) => (byte === 0) === (i % 2 === odd));
  if (sample.length < 4) return 'utf-8';
  return zerosAt(1) ? 'utf-16le' : zerosAt(0) ? 'utf-16be' : 'utf-8';
}

/**
 * Decodes a text file, in UTF-8 or UTF-16, without its byte-order mark.
 * @param source names the file in the error
 * @throws UserError if it is neither
 */
export function decodeText(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw new UserError(`${source} is neither UTF-8 nor UTF-16 text; save it as UTF-8.`);
  }
}

/** The lines of a text that are not empty, without blanks around them; lines may end as on any system. */
export const linesOf = (text: string): string[] =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter(Boolean);
