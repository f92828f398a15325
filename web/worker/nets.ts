import {
  buildNet,
  configOf,
  configureRecipe,
  dataConfigOf,
  type NetSettings,
  settingsFrom,
  withFineTuning,
} from '../../src/configure.ts';
import type { Checkpoint, Recipe, StateDict, YYNetConfig } from '../../src/index.ts';
import { pickStart, type Start, type StartingNet } from '../../src/starting_net.ts';
import type { NetSummary, Settings } from '../messages.ts';
import { STARTING_NET } from '../start.ts';
import type { OpenedData } from './data.ts';

/** The page trains YYNets only. */
export type NetCheckpoint = Checkpoint<YYNetConfig>;

/** What a training begins with. */
export interface Beginning {
  readonly config: YYNetConfig;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Weights that are not random at first. */
  readonly init?: StateDict;
  /** Where they are from, a sentence for the user. */
  readonly origin?: string;
}

/**
 * Completes the form's settings for a data set, as yy-train does.
 * @param from the net to start from; without it, the weights are random
 * @throws {UserError} if nothing of it fits
 */
export function configure(settings: Settings, { builtIn, splits }: OpenedData, from?: StartingNet): Beginning {
  const { channels, fusion, yin, activation, epochs, batchSize, learningRate, precision, seed } = settings;
  const { classes, height: inputSize, length } = splits.train;
  const given: NetSettings = {
    ...{ data: builtIn ? 'shapes' : 'pictures', epochs, batchSize, learningRate, precision },
    net: { channels, bodyChannels: channels, fusion, yin, activation, inputSize },
  };
  const started = from ? settingsFrom(from, given) : given;
  const fromData = dataConfigOf(splits);
  const start = from && pickStart(from, buildNet(started, fromData), classes);
  const recipe = configureRecipe(withFineTuning(started, splits, start), fromData, length);
  return {
    ...{ config: configOf(started, fromData) as YYNetConfig, recipe, seed },
    ...(start && { init: start.state, origin: describe(start) }),
  };
}

function describe({ state, left, isTransfer }: Start): string {
  const taken = Object.keys(state).length;
  const own = isTransfer ? '; the last layer is new' : '';
  return `${taken} of ${taken + left.length} tensors come from ${STARTING_NET.title}${own}.`;
}

/** Returns the form's settings that correspond to a checkpoint. */
function settingsOf({ config, recipe, seed }: NetCheckpoint): NetSummary['settings'] {
  const { channels, fusion, yin, activation } = config;
  const { epochs, batchSize, learningRate, precision } = recipe;
  return { channels, fusion, yin, activation, epochs, batchSize, learningRate, precision, seed };
}

/**
 * Describes a net for the page.
 * @param data the open data set, if any
 * @param start what its training started from, if that is known
 */
export function summarizeNet(net: NetCheckpoint, data?: OpenedData, start?: Settings['start']): NetSummary {
  const { config, classNames, training, recipe, fingerprint } = net;
  const unfinished = training !== undefined && training.position.epoch <= recipe.epochs;
  return {
    ...{ config, classNames },
    step: training?.position.step,
    resumable: unfinished && fingerprint === data?.fingerprint,
    settings: { ...settingsOf(net), start },
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
