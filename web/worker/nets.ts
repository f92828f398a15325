import {
  type Checkpoint,
  picturesRecipe,
  presets,
  type Recipe,
  shapesRecipe,
  type YYNetConfig,
} from '../../src/index.ts';
import type { NetSummary, Settings } from '../messages.ts';
import type { OpenedData } from './data.ts';

/** The page trains YYNets only. */
export type NetCheckpoint = Checkpoint<YYNetConfig>;

/** Returns the config and recipe of the form's settings, for a data set. */
export function configure(
  settings: Settings,
  { builtIn, splits }: OpenedData,
): { config: YYNetConfig; recipe: Recipe } {
  const { channels, fusion, yin, activation, epochs, batchSize, learningRate, precision } = settings;
  const { classes, channels: inputChannels, height: inputSize } = splits.train;
  return {
    config: {
      ...presets['yynet-16'],
      ...{ channels, bodyChannels: channels, fusion, yin, activation },
      ...{ classes: classes.length, inputChannels, inputSize },
    },
    recipe: { ...(builtIn ? shapesRecipe : picturesRecipe), epochs, batchSize, learningRate, precision },
  };
}

/** Returns the form's settings that correspond to a checkpoint. */
function settingsOf({ config, recipe, seed }: NetCheckpoint): Settings {
  const { channels, fusion, yin, activation } = config;
  const { epochs, batchSize, learningRate, precision } = recipe;
  return { channels, fusion, yin, activation, epochs, batchSize, learningRate, precision, seed };
}

/**
 * Describes a net for the page.
 * @param data the open data set, if any
 */
export function summarizeNet(net: NetCheckpoint, data?: OpenedData): NetSummary {
  const { config, classNames, training, recipe, fingerprint } = net;
  const unfinished = training !== undefined && training.position.epoch <= recipe.epochs;
  return {
    ...{ config, classNames },
    step: training?.position.step,
    resumable: unfinished && fingerprint === data?.fingerprint,
    settings: settingsOf(net),
  };
}

/** Whether a net has the classes and input size of a data set. */
export function fits({ config, classNames }: NetCheckpoint, { splits: { train } }: OpenedData): boolean {
  return (
    `${classNames}` === `${train.classes}` &&
    config.inputChannels === train.channels &&
    config.inputSize === train.height
  );
}
