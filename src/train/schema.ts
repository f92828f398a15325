import * as v from 'valibot';
import { fusionFormulas } from '../autograd/ops/fuse.ts';
import { UserError } from '../runtime/errors.ts';
import type { YYNetConfig } from '../yinyang/config.ts';
import type { Recipe } from './recipe.ts';

const integer = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const width = integer(1, 65_536);
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const fraction = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const channels = v.pipe(v.array(v.pipe(v.number(), v.finite())), v.minLength(1));

export const count = integer(0, Number.MAX_SAFE_INTEGER);

/** The least and the most of what the command line takes too. */
export const bounds = { epochs: [1, 1_000_000], batchSize: [1, 65_536] } as const;

/** What a recipe may be; as files hold it. */
export const recipeSchema = v.strictObject({
  epochs: integer(...bounds.epochs),
  batchSize: integer(...bounds.batchSize),
  learningRate: positive,
  weightDecayFactor: v.pipe(v.number(), v.finite(), v.minValue(0)),
  amsgrad: v.boolean(),
  maxNorm: positive,
  averageDecay: fraction,
  precision: v.picklist(['f32', 'mixed']),
  labelSmoothing: fraction,
  padding: integer(0, 4096),
  brightness: fraction,
  flip: v.boolean(),
  mean: channels,
  std: v.pipe(
    channels,
    v.everyItem((value) => value > 0, 'Expected numbers above 0'),
  ),
}) satisfies v.GenericSchema<unknown, Recipe>;

/** What a net may be. Its bounds keep a hostile file from asking for a net that no machine could hold. */
export const configSchema = v.strictObject({
  inputSize: integer(4, 4096),
  inputChannels: integer(1, 4),
  classes: width,
  channels: width,
  channelsAdded: integer(0, 4096),
  branchLayers: integer(1, 16),
  branchBlocks: integer(1, 64),
  bodyLayers: integer(1, 16),
  bodyBlocks: integer(1, 64),
  bodyChannels: width,
  bodyExtraStride: v.boolean(),
  hidden: width,
  fusion: v.picklist(fusionFormulas),
  yin: v.picklist(['mean', 'first']),
  activation: v.picklist(['gelu', 'silu']),
  gate: v.picklist(['sigmoid', 'hard_sigmoid']),
  dropout: fraction,
  bn0: v.boolean(),
}) satisfies v.GenericSchema<unknown, YYNetConfig>;

/**
 * Checks what came out of a file.
 * @param what names it in the error
 * @param spell gives the name that the file has for a key
 * @throws UserError in one sentence, with the first field that is wrong
 */
export function parse<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  what: string,
  spell = (key: string) => key,
): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, value);
  if (success) return output;
  const path = v.getDotPath(issues[0])?.replace(/^[^.]+/, spell);
  throw new UserError(
    `${path ? `'${path}' in ` : ''}${what} is wrong: ${issues[0].message.replace(/^Invalid/, 'invalid')}.`,
  );
}
