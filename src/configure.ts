import type { Pictures, Splits } from './data/dataset.ts';
import { models } from './nets.ts';
import type { Net, NetConfig } from './nn/architecture.ts';
import { UserError } from './runtime/errors.ts';
import type { Start, StartingNet } from './starting_net.ts';
import {
  fineTuning,
  fittingBatchSize,
  greyNormalisation,
  paperRecipe,
  picturesRecipe,
  type Recipe,
  shapesRecipe,
} from './train/recipe.ts';

export const DEFAULT_MODEL = 'yynet-16';

/** Overrides of the model's config, such as its width. */
export type ConfigChanges = Readonly<Record<string, unknown>>;

/** The settings that determine net and recipe. The defaults depend on the model and the data set. */
export interface NetSettings extends Partial<Recipe> {
  /** The data set's name, where it has a recipe of its own. */
  readonly data?: string;
  readonly model?: string;
  readonly net?: ConfigChanges;
}

/** The part of a net's config that the data set determines. */
export type DataConfig = Pick<NetConfig, 'classes' | 'inputChannels'>;

export const dataConfigOf = ({ train }: Splits<Pictures>): DataConfig => ({
  classes: train.classes.length,
  inputChannels: train.channels,
});

/**
 * Config of the model, with the settings' overrides and the values of the data set.
 * @throws UserError if the settings name another number of classes than the data set has
 */
export function configOf(
  { data = 'shapes', model = DEFAULT_MODEL, net }: NetSettings,
  fromData: DataConfig,
): NetConfig {
  const { classes = fromData.classes } = (net ?? {}) as Partial<NetConfig>;
  if (classes !== fromData.classes) {
    throw new UserError(
      `The settings have ${classes} classes, but ${data} has ${fromData.classes}; leave out 'classes' to go by the data.`,
    );
  }
  return { ...models[model].config, ...net, ...fromData };
}

/** Creates the net of the settings. */
export const buildNet = (settings: NetSettings, fromData: DataConfig): Net =>
  models[settings.model ?? DEFAULT_MODEL].architecture.create(configOf(settings, fromData));

/** The recipes of data sets that have one of their own. */
const RECIPES: Readonly<Record<string, Recipe>> = { shapes: shapesRecipe, cifar10: paperRecipe };

/** @param pictures the number of training pictures; without it, there are enough for the recipe's batch size */
export function configureRecipe(
  { data = 'shapes', ...settings }: NetSettings,
  { inputChannels }: DataConfig,
  pictures = Number.POSITIVE_INFINITY,
): Recipe {
  const recipe = Object.hasOwn(RECIPES, data) ? RECIPES[data] : picturesRecipe;
  const batchSize = fittingBatchSize(recipe, pictures);
  return { ...recipe, batchSize, ...(inputChannels === 1 && greyNormalisation), ...pick(settings, recipe) };
}

/** Picks the settings that are defined and whose keys `defaults` has. */
const pick = <T extends object>(settings: Partial<T>, defaults: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(settings).filter(([key, value]) => value !== undefined && Object.hasOwn(defaults, key)),
  ) as Partial<T>;

/**
 * Completes settings by what comes with the net that they start from: the model, its config and the normalisation. What
 * the settings have stays. Another model takes only the normalisation.
 * @param spelling gives the settings' own name of a key, for errors
 * @throws UserError if no net of the model has that config
 */
export function settingsFrom<S extends NetSettings>(
  { architecture, config, normalisation }: StartingNet,
  settings: S,
  spelling?: (key: string) => string,
): S & Required<Pick<NetSettings, 'model' | 'net'>> {
  const { model = modelOf(architecture.name, config) } = settings;
  const isSame = model === modelOf(architecture.name, config);
  const net: Partial<NetConfig> = { ...(isSame && changesOf(model, config)), ...settings.net };
  const { architecture: own, config: defaults } = models[model];
  const { inputChannels } = own.check({ ...defaults, ...net }, 'the settings', spelling);
  const colours = inputChannels === config.inputChannels ? normalisation : {};
  return { ...colours, ...settings, model, net };
}

/** The values of a config that differ from the model's, but for the classes, which the data determine. */
function changesOf(model: string, config: NetConfig): Partial<NetConfig> {
  const { config: defaults } = models[model];
  const changes = Object.entries(config).filter(
    ([key, value]) => key !== 'classes' && value !== (defaults as object as typeof config)[key as 'classes'],
  );
  return Object.fromEntries(changes);
}

/** The model of an architecture whose config differs least. */
function modelOf(architecture: string, config: NetConfig): string {
  const candidates = Object.keys(models).filter((name) => models[name].architecture.name === architecture);
  const distance = (name: string) => Object.keys(changesOf(name, config)).length;
  return candidates.reduce((best, name) => (distance(name) < distance(best) ? name : best));
}

/** Completes settings by those of fine-tuning, where the net has other classes than the one that it starts from. */
export const withFineTuning = <S extends NetSettings>(settings: S, data: Splits<Pictures>, start?: Start): S =>
  start?.isTransfer
    ? { ...fineTuning(configureRecipe(settings, dataConfigOf(data)), data.train.length), ...settings }
    : settings;
