import { resolve } from 'node:path';
import * as v from 'valibot';
import { type ConfigChanges, configOf, configureRecipe, type DataConfig, DEFAULT_MODEL } from '../configure.ts';
import { type DataOptions, dataNames, openData, openScored, type ScoreOptions } from '../data/data-folder.ts';
import type { Pictures, Splits } from '../data/dataset.ts';
import { reasonOf } from '../data/left_out.ts';
import { count, parse } from '../data/parse.ts';
import type { Reading, ScoredData } from '../data/pictures-folder.ts';
import type { DataProgress } from '../data/progress.ts';
import { architectures, models } from '../nets.ts';
import type { NetConfig } from '../nn/architecture.ts';
import { excerpt, UserError } from '../runtime/errors.ts';
import { recipeSchema } from '../train/schema.ts';
import { channelsOf } from './pictures.ts';
import { DataLine } from './progress.ts';
import { readRecipeFile } from './recipe_file.ts';

const positiveCount = v.pipe(count, v.minValue(1));

/** Settings of a recipe file besides the net's config; the file spells them batch_size etc. */
const settingsSchema = v.partial(
  v.strictObject({
    data: v.string(),
    model: v.picklist(Object.keys(models)),
    init: v.string(),
    valSplit: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
    seed: count,
    limitTrain: positiveCount,
    limitVal: positiveCount,
    maxSteps: positiveCount,
    ...recipeSchema.entries,
  }),
);

/** The settings that determine the result of a run. The defaults depend on the model and the data set. */
export interface Settings extends v.InferOutput<typeof settingsSchema> {
  readonly net?: ConfigChanges;
}

/** Keys of config.json that are information, not settings. */
const INFORMATION = ['adapter', 'parameters', 'class_names', 'train_images', 'val_images'];

/** The keys of all architectures' configs. */
const CONFIG_KEYS = new Set(architectures.flatMap(({ config }) => Object.keys(config)));

/**
 * Reads a recipe in YAML or JSON, or the config.json of a run.
 * @throws UserError that names the file
 */
export async function readSettings(file: string): Promise<Settings> {
  return checkSettings(await readRecipeFile(file), file);
}

/**
 * Checks settings in the spelling of recipes: flat, with keys such as batch_size.
 * @param file where they are from, for error messages
 * @throws UserError that names it
 */
export function checkSettings(content: unknown, file: string): Settings {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UserError(`${file} contains no settings; expected lines such as 'epochs: 40'.`);
  }
  const entries = Object.entries(content).filter(([key]) => !INFORMATION.includes(key));
  const spelling = new Map(entries.map(([key]) => [camelCase(key), key]));
  const settings: Record<string, unknown> = {};
  const net: Record<string, unknown> = {};
  for (const [written, value] of entries) {
    const key = camelCase(written);
    if (CONFIG_KEYS.has(key)) net[key] = value;
    else if (Object.hasOwn(settingsSchema.entries, key)) settings[key] = value;
    else {
      const known = [...Object.keys(settingsSchema.entries), ...CONFIG_KEYS].map(toSnakeCase).join(', ');
      throw new UserError(`'${excerpt(written)}' in ${file} is not a setting; expected one of ${known}.`);
    }
  }
  const spell = (key: string) => spelling.get(key) ?? key;
  const checked = parse(settingsSchema, settings, file, spell);
  checkNet({ ...checked, net }, file, spell);
  return { ...checked, net };
}

/**
 * Checks the config of the settings' net, where it does not depend on the net that they start from.
 * @throws UserError that names the source
 */
export function checkNet({ init, model, net }: Settings, source: string, spelling: (key: string) => string): void {
  if (init !== undefined && model === undefined) return;
  const { architecture, config } = models[model ?? DEFAULT_MODEL];
  architecture.check({ ...config, ...net }, source, spelling);
}

/** Converts keys to the spelling of recipes, config.json and metrics: batch_size, not batchSize. */
export const snakeCase = (object: object) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [toSnakeCase(key), value]));

/** The inverse of `checkSettings`. */
export const flatSettings = ({ net, ...settings }: Settings) => snakeCase({ ...settings, ...net });

/** The spelling of a key in recipes. */
export const toSnakeCase = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const camelCase = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** How the pictures of the settings are opened. */
export interface LoadOptions {
  readonly inputSize: number;
  /** Default: those of the data set. */
  readonly channels?: 1 | 3;
  /** No progress bar, no notices. */
  readonly quiet?: boolean;
  /** Lists all files that are not used, not only how many. */
  readonly verbose?: boolean;
}

/** Opens the data set of the settings, in the channels that they name, with a progress bar on stderr. */
export async function loadData(settings: Settings, options: LoadOptions): Promise<Splits<Pictures>> {
  const { data = 'shapes', valSplit, limitTrain } = settings;
  const { inputChannels } = (settings.net ?? {}) as Partial<NetConfig>;
  const channels = options.channels ?? (inputChannels === undefined ? undefined : channelsOf({ inputChannels }));
  return withNotices({ ...options, channels }, (common) =>
    openData(data, { ...common, ...limitsOf(settings), valSplit, limitTrain }),
  );
}

/** Opens the pictures to score a net on, with a progress bar on stderr. */
export async function loadScored(
  settings: Settings & { readonly data: string },
  options: LoadOptions & Pick<ScoreOptions, 'classes' | 'split'>,
): Promise<ScoredData> {
  const { classes, split } = options;
  const open = (common: DataOptions) => openScored(settings.data, { ...common, ...limitsOf(settings), classes, split });
  return withNotices(options, open);
}

const limitsOf = ({ seed, limitVal }: Settings) => ({ seed, limitVal });

/** Opens data with a progress bar, and then says on stderr what was left out. */
async function withNotices<T extends Reading>(
  { inputSize, channels, quiet, verbose }: LoadOptions,
  open: (options: DataOptions) => Promise<T>,
): Promise<T> {
  const progress = new DataLine();
  try {
    const onProgress = quiet ? undefined : (step: DataProgress) => progress.update(step);
    const opened = await open({ inputSize, channels, onProgress });
    progress.stop();
    const { notice, leftOut = [] } = opened;
    if (notice && !quiet) console.error(notice);
    if (leftOut.length > 0 && !quiet) {
      if (!verbose) console.error('--verbose lists the files that are not used.');
      else for (const file of leftOut) console.error(`${file.path}: ${reasonOf(file)}`);
    }
    return opened;
  } finally {
    progress.stop();
  }
}

/** Makes a path to data absolute, so that a run can be resumed from any folder; names of data sets stay as they are. */
export const absoluteData = (data = 'shapes') => (dataNames.includes(data) ? data : resolve(data));

/** Input size of the net; pictures are decoded to this size. */
export const inputSizeOf = ({ model = DEFAULT_MODEL, net }: Settings) =>
  (net as Partial<NetConfig> | undefined)?.inputSize ?? models[model].config.inputSize;

/** Returns all settings for config.json, with the defaults of the model and the data set (see `configureRecipe`). */
export function completeSettings(settings: Settings, fromData: DataConfig, pictures?: number): Record<string, unknown> {
  const { model = DEFAULT_MODEL, init, seed = 0, limitTrain, limitVal, valSplit, maxSteps } = settings;
  return {
    ...{ data: absoluteData(settings.data), model, init, seed, valSplit, limitTrain, limitVal, maxSteps },
    ...configureRecipe(settings, fromData, pictures),
    ...configOf(settings, fromData),
  };
}
