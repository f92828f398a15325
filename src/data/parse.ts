import * as v from 'valibot';
import { excerpt, UserError } from '../runtime/errors.ts';

/** Schema of an integer in [min, max]. */
export const integer = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

/** Schema of a number in [0, 1). */
export const fraction = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

/** Schema of an integer of at least 0. */
export const count = integer(0, Number.MAX_SAFE_INTEGER);

/**
 * Validates a value read from a file.
 * @param source the file's name, for the error message
 * @param spelling maps a key to its spelling in the file, for the error message
 * @throws {UserError} naming the first invalid key
 */
export function parse<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  source: string,
  spelling = (key: string) => key,
): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true });
  if (success) return output;
  const path = v.getDotPath(issues[0])?.replace(/^[^.]+/, spelling);
  const { message: full, received } = issues[0];
  // The value's excerpt takes the place of the value, which may be a whole file.
  const message = full.replace(received, () => excerpt(received)).replace(/^Invalid/, 'invalid');
  throw new UserError(`${path ? `'${excerpt(path)}' in ` : ''}${source} is wrong: ${message}.`);
}
