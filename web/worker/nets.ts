import { type Checkpoint, paperRecipe, presets, type Recipe, shapesRecipe, type YYNetConfig } from '../../src/index.ts';
import type { NetSummary, Settings } from '../messages.ts';
import type { OpenedData } from './data.ts';

/** The net and the recipe that the form describes, for these pictures. */
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
    recipe: { ...(builtIn ? shapesRecipe : paperRecipe), epochs, batchSize, learningRate, precision },
  };
}

/** What the form would have to say. */
function settingsOf({ config, recipe, seed }: Checkpoint): Settings {
  const { channels, fusion, yin, activation } = config;
  const { epochs, batchSize, learningRate, precision } = recipe;
  return { channels, fusion, yin, activation, epochs, batchSize, learningRate, precision, seed };
}

/** @param data the pictures that are open, if there are any */
export function summarizeNet(net: Checkpoint, data?: OpenedData): NetSummary {
  const { config, classNames, training, recipe, fingerprint } = net;
  const unfinished = training !== undefined && training.position.epoch <= recipe.epochs;
  return {
    ...{ config, classNames },
    step: training?.position.step,
    resumable: unfinished && fingerprint === data?.fingerprint,
    settings: settingsOf(net),
  };
}

/** Whether a net can be tried on these pictures. */
export function fits({ config, classNames }: Checkpoint, { splits: { train } }: OpenedData): boolean {
  return (
    `${classNames}` === `${train.classes}` &&
    config.inputChannels === train.channels &&
    config.inputSize === train.height
  );
}
