import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { parse as parseYaml } from 'yaml';
import { dataNames, openData } from '../data/data-folder.ts';
import type { Pictures, Splits } from '../data/dataset.ts';
import type { DataProgress } from '../data/progress.ts';
import { UserError } from '../runtime/errors.ts';
import { greyNormalisation, paperRecipe, type Recipe, shapesRecipe } from '../train/recipe.ts';
import { configSchema, count, parse, recipeSchema } from '../train/schema.ts';
import { type Preset, presets, type YYNetConfig } from '../yinyang/config.ts';
import { DataLine } from './progress.ts';

const positiveCount = v.pipe(count, v.minValue(1));

/** What a recipe file may set, under names such as batch_size; the flags of yy-train set the same. */
const settingsSchema = v.partial(
  v.strictObject({
    data: v.string(),
    model: v.picklist(Object.keys(presets) as Preset[]),
    valSplit: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
    seed: count,
    limitTrain: positiveCount,
    limitVal: positiveCount,
    maxSteps: positiveCount,
    ...recipeSchema.entries,
    ...configSchema.entries,
  }),
);

/** Everything that decides a run's result. What is left out is as the model and the data set have it. */
export type Settings = v.InferOutput<typeof settingsSchema>;

/** What config.json tells besides, for its reader. */
const INFORMATION = ['adapter', 'parameters', 'class_names', 'train_images', 'val_images'];

/**
 * Reads a recipe: YAML or JSON, config.json of an earlier run included.
 * @throws UserError in one sentence that names the file
 */
export async function readSettings(file: string): Promise<Settings> {
  let content: unknown;
  try {
    content = parseYaml(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message.split('\n')[0]}.`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UserError(`${file} holds no settings; expected lines such as 'epochs: 40'.`);
  }
  const entries = Object.entries(content).filter(([key]) => !INFORMATION.includes(key));
  const spelling = new Map(entries.map(([key]) => [camelCase(key), key]));
  for (const [key, written] of spelling) {
    if (Object.hasOwn(settingsSchema.entries, key)) continue;
    const known = Object.keys(snakeCase(settingsSchema.entries)).join(', ');
    throw new UserError(`'${written}' in ${file} is no setting; expected one of ${known}.`);
  }
  const settings = Object.fromEntries(entries.map(([key, value]) => [camelCase(key), value]));
  return parse(settingsSchema, settings, file, (key) => spelling.get(key) ?? key);
}

/** The files we write name things as the metrics do: batch_size, not batchSize. */
export const snakeCase = (object: object) =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );

const camelCase = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Opens the data set of the settings, with a bar on stderr for what takes long.
 * @param channels by default those that the data set has
 */
export async function loadData(
  settings: Settings,
  { inputSize, channels, quiet }: { readonly inputSize: number; readonly channels?: 1 | 3; readonly quiet?: boolean },
): Promise<Splits<Pictures>> {
  const { data = 'shapes', valSplit, seed, limitTrain, limitVal } = settings;
  const progress = new DataLine();
  try {
    const onProgress = quiet ? undefined : (step: DataProgress) => progress.update(step);
    const opened = await openData(data, { inputSize, channels, valSplit, seed, limitTrain, limitVal, onProgress });
    progress.stop();
    if (opened.notice && !quiet) console.error(opened.notice);
    return opened;
  } finally {
    progress.stop();
  }
}

/** A path means the same from wherever a run is resumed. */
export const absoluteData = (data = 'shapes') => (dataNames.includes(data) ? data : resolve(data));

/** The model's input size, which decides how pictures are decoded. */
export const inputSizeOf = ({ model = 'yynet-16', inputSize }: Settings) => inputSize ?? presets[model].inputSize;

/** What the data set decides of a net. */
type Shape = Pick<YYNetConfig, 'classes' | 'inputChannels'>;

export const shapeOf = ({ train }: Splits<Pictures>): Shape => ({
  classes: train.classes.length,
  inputChannels: train.channels,
});

export function configureNet({ model = 'yynet-16', ...settings }: Settings, shape: Shape): YYNetConfig {
  const preset: YYNetConfig = presets[model];
  return { ...preset, ...pick(settings, preset), ...shape };
}

export function configureRecipe({ data = 'shapes', ...settings }: Settings, { inputChannels }: Shape): Recipe {
  const recipe = data === 'shapes' ? shapesRecipe : paperRecipe;
  return { ...recipe, ...(inputChannels === 1 && greyNormalisation), ...pick(settings, recipe) };
}

/** All settings, as config.json holds them: what is not given is as the model and the data set have it. */
export function complete(settings: Settings, shape: Shape) {
  const { model = 'yynet-16', seed = 0, limitTrain, limitVal, valSplit, maxSteps } = settings;
  return {
    ...{ data: absoluteData(settings.data), model, seed, valSplit, limitTrain, limitVal, maxSteps },
    ...configureRecipe(settings, shape),
    ...configureNet(settings, shape),
  };
}

/** Those of the settings that are given and that `defaults` has. */
const pick = <T extends object>(settings: Partial<T>, defaults: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(settings).filter(([key, value]) => value !== undefined && Object.hasOwn(defaults, key)),
  ) as Partial<T>;
