import { createHash } from 'node:crypto';
import { buildNet, configureRecipe, DEFAULT_MODEL, dataConfigOf, withFineTuning } from '../configure.ts';
import { countByClass, type Pictures, type Splits } from '../data/dataset.ts';
import { fingerprint } from '../data/fingerprint.ts';
import { listNames } from '../data/list_names.ts';
import type { Module } from '../nn/module.ts';
import type { Device } from '../runtime/device.ts';
import { UserError } from '../runtime/errors.ts';
import type { Start } from '../starting_net.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import { Trainer } from '../train/trainer.ts';
import { type Crew, solo } from './crew.ts';
import { type Init, readInit, settingsFrom, startingState } from './init.ts';
import { readRecipeFile } from './recipe_file.ts';
import { RunFolder } from './run_folder.ts';
import {
  absoluteData,
  completeSettings,
  inputSizeOf,
  loadData,
  readSettings,
  type Settings,
  snakeCase,
} from './settings.ts';

/** A training run, ready to start or to resume. */
export interface Run {
  readonly trainer: Trainer;
  readonly data: Splits<Pictures>;
  readonly folder: RunFolder;
  readonly maxSteps?: number;
  /** Lines for the user: the net, the data and the folder. */
  readonly summary: string;
}

interface BeginOptions {
  /** Folder of the run; by default a new one in runs/. */
  readonly out?: string;
  /** No messages about reading the data. */
  readonly quiet?: boolean;
  /** Lists all files of the data that are not used. */
  readonly verbose?: boolean;
  /** The processes that train the run together: this is the first one. */
  readonly crew?: Crew;
}

interface ResumeOptions extends Pick<BeginOptions, 'quiet' | 'verbose' | 'crew'> {
  /** Replaces the step limit of the run. */
  readonly maxSteps?: number;
  /** Where the data of the run are now, if they have moved. */
  readonly data?: string;
}

/**
 * Creates a run and its folder with config.json.
 * @throws UserError if the data, the settings or the folder are not usable
 */
export async function beginRun(
  device: Device,
  given: Settings,
  { out, quiet, verbose, crew = solo }: BeginOptions,
): Promise<Run> {
  const init = await readInit(given, quiet);
  const started = init ? settingsFrom(init, given) : given;
  const { model = DEFAULT_MODEL, maxSteps } = started;
  const data = await crew.inTurn(() => loadData(started, { inputSize: inputSizeOf(started), quiet, verbose }));
  const { train, validation } = data;
  const fromData = dataConfigOf(data);
  const net = buildNet(started, fromData);
  const start = startOf(started, data, init);
  const settings = withFineTuning(started, data, start);
  const recipe = configureRecipe(settings, fromData, data.train.length);
  const config = configFile(settings, data, net.module, device);
  const folder = await (out ? RunFolder.create(out, config) : RunFolder.createNext(`${train.name}-${model}`, config));
  const summary = [
    `${model}: ${net.module.parameterCount.toLocaleString('en')} parameters, on ${device.adapter.name}`,
    `${train.classes.length} classes: ${listNames(train.classes)}`,
    `${train.length} training and ${validation.length} validation pictures; results in ${folder.path}`,
  ];
  if (start) summary.push(start.line);
  if (start && recipe.headEpochs > 0) {
    summary.push(
      `The head trains alone for ${recipe.headEpochs} of ${recipe.epochs} epochs, then the whole net; see head_epochs in config.json.`,
    );
  }
  const imbalance = describeImbalance(train);
  if (imbalance && !recipe.balance) summary.push(imbalance);
  const trainer = await openTrainer(device, settings, data, { crew, start }).catch(async (error) => {
    await folder.discard();
    throw error;
  });
  const { microBatch } = trainer.recipe;
  if (microBatch !== recipe.microBatch) {
    await folder.writeConfig({ ...config, ...snakeCase({ microBatch }) });
    summary.push(
      `A batch of ${recipe.batchSize} does not fit into the GPU's memory: it runs in parts of ${microBatch} or fewer.`,
    );
  }
  return { trainer, data, folder, maxSteps, summary: summary.join('\n') };
}

/**
 * What the net of the settings takes of the one that it starts from, if it starts from one.
 * @throws UserError that names the file if nothing fits
 */
export const startOf = (settings: Settings, data: Splits<Pictures>, init?: Init) =>
  init && startingState(init, buildNet(settings, dataConfigOf(data)), data.train.classes);

/** Where a training begins: from a checkpoint, from another net, or from random weights. */
interface Beginning {
  readonly crew: Crew;
  readonly checkpoint?: Checkpoint;
  readonly start?: Start;
}

/**
 * Starts or resumes the training of a run, on each of the processes that train it together.
 * @throws UserError if they differ, or the settings do not fit the data
 */
export async function openTrainer(
  device: Device,
  settings: Settings,
  data: Splits<Pictures>,
  { crew, checkpoint, start }: Beginning,
): Promise<Trainer> {
  const { group } = crew;
  const { seed = 0 } = settings;
  const fromData = dataConfigOf(data);
  const recipe = checkpoint?.recipe ?? configureRecipe(settings, fromData, data.train.length);
  const net = buildNet(settings, fromData);
  requireShards(recipe.shards, group.ranks);
  await crew.compare(async () => ({
    ...snakeCase({ ...completeSettings(settings, fromData, data.train.length), data: undefined, init: undefined }),
    'the training pictures': await fingerprint(data.train),
    'the validation pictures': await fingerprint(data.validation),
    'the weights to start from': start && hashOf(Object.values(start.state).map((tensor) => tensor.data)),
  }));
  const trainer = await (checkpoint
    ? Trainer.resume(device, checkpoint, data, group)
    : Trainer.create(device, net, data, recipe, { seed, init: start?.state, group }));
  await crew.compare(async () => ({ 'its kernels (are their tiles tuned?)': hashOf(device.pipelines.codes) }));
  return trainer;
}

function hashOf(parts: readonly (string | Uint8Array | Float32Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

/** @throws UserError if there are more processes than shards */
export function requireShards(shards: number, ranks: number): void {
  if (shards >= ranks) return;
  throw new UserError(
    `${ranks} ranks need at least as many shards, but the recipe has ${shards}: start fewer, or a new run with --shards ${ranks}.`,
  );
}

/** A line on classes that differ more than threefold in their number of pictures. */
export function describeImbalance(pictures: Pick<Pictures, 'labels' | 'classes'>): string | undefined {
  const { classes } = pictures;
  const counts = countByClass(pictures);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (most <= 3 * fewest) return undefined;
  const described = (count: number) => `'${classes[counts.indexOf(count)]}' has ${count}`;
  return `Classes are unequal: ${described(most)} training pictures, ${described(fewest)}; --balance gives them the same part of the loss.`;
}

/** The content of a run's config.json: all settings, and what else is known of the run. */
export function configFile(settings: Settings, data: Splits<Pictures>, module: Module, device: Device) {
  return snakeCase({
    ...completeSettings(settings, dataConfigOf(data), data.train.length),
    adapter: device.adapter.name,
    parameters: module.parameterCount,
    classNames: data.train.classes,
    trainImages: data.train.length,
    valImages: data.validation.length,
  });
}

/**
 * Prepares a run to resume from its last checkpoint, or to start again if it has none.
 * @throws UserError if there is no run, its files are damaged, or its data have changed
 */
export async function resumeRun(device: Device, path: string, options: ResumeOptions): Promise<Run> {
  const opened = await RunFolder.open(path);
  return resumeOpened(device, opened, path, options).catch(async (error) => {
    await opened.folder.close();
    throw error;
  });
}

async function resumeOpened(
  device: Device,
  { folder, checkpoint }: Awaited<ReturnType<typeof RunFolder.open>>,
  path: string,
  { quiet, verbose, crew = solo, ...options }: ResumeOptions,
): Promise<Run> {
  const settings = { ...(await readSettings(folder.configFile)), ...(options.data && { data: options.data }) };
  const { maxSteps = settings.maxSteps } = options;
  await crew.tell({ settings, checkpoint });
  const data = await crew.inTurn(() => loadData(settings, { inputSize: inputSizeOf(settings), quiet, verbose }));
  const init = checkpoint ? undefined : await readInit(settings, quiet);
  const trainer = await openTrainer(device, settings, data, { crew, checkpoint, start: startOf(settings, data, init) });
  if (options.data) {
    const config = await readRecipeFile(folder.configFile);
    await folder.writeConfig({ ...(config as object), data: absoluteData(options.data) });
  }
  const run = { trainer, data, folder, maxSteps };
  if (trainer.finished) return { ...run, summary: `${path}: all ${trainer.recipe.epochs} epochs are done.` };
  if (maxSteps !== undefined && trainer.step >= maxSteps) {
    const limit = `${path} has taken ${trainer.step} steps, and its limit is ${maxSteps}`;
    return { ...run, summary: `${limit}; to continue, add a larger --max-steps to --resume.` };
  }
  const missing = await folder.dropMetricsFrom(checkpoint?.training?.position.epoch ?? 1);
  const position = trainer.step ? `after step ${trainer.step}` : 'from the start';
  const gap = missing.length > 0 ? `\nmetrics.jsonl has no lines of the epochs ${missing.join(', ')}.` : '';
  return { ...run, summary: `${path} resumes ${position}, on ${device.adapter.name}${gap}` };
}
