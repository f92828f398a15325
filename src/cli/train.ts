#!/usr/bin/env node
import { Option } from 'commander';
import { type FusionFormula, fusionFormulas } from '../autograd/ops/fuse.ts';
import { dataNames, openData } from '../data/data-folder.ts';
import type { Pictures, Splits } from '../data/dataset.ts';
import type { DataProgress } from '../data/progress.ts';
import { openNodeDevice, requestNodeAdapter } from '../runtime/node.ts';
import { requireTimestamps } from '../runtime/profile.ts';
import { greyNormalisation, type Precision, paperRecipe, type Recipe, shapesRecipe } from '../train/recipe.ts';
import { Trainer } from '../train/trainer.ts';
import { type Preset, presets, type YYNetConfig } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';
import { createCommand, integer, main, positive, share } from './command.ts';
import { printProfile } from './profile.ts';
import { DataLine, describe, ProgressLine } from './progress.ts';
import { RunFolder } from './run_folder.ts';

interface Options {
  data: string;
  model: Preset;
  adapter: string;
  epochs?: number;
  batchSize?: number;
  lr?: number;
  seed: number;
  valSplit: number;
  limitTrain?: number;
  limitVal?: number;
  fusion?: FusionFormula;
  yin?: YYNetConfig['yin'];
  activation?: YYNetConfig['activation'];
  precision: Precision;
  out?: string;
  maxSteps?: number;
  profile?: number;
  json?: boolean;
}

const command = createCommand('yy-train', 'Trains YYNet, the Yin Yang Convolutional Net, on any WebGPU adapter.')
  .option(
    '--data <name|path>',
    `${dataNames.join(', ')}, or a folder of pictures or of CIFAR's or MNIST's files`,
    'shapes',
  )
  .option('--val-split <share>', 'of a folder of pictures without val/, the share that validates', share, 0.1)
  .addOption(new Option('--model <name>', 'which net').choices(Object.keys(presets)).default('yynet-16'))
  .option('--adapter <name>', "'auto', 'discrete', 'integrated', 'cpu' or part of an adapter's name", 'auto')
  .option('--epochs <n>', "passes over the training images (default: the data set's)", integer(1))
  .option('--batch-size <n>', "images a step (default: the data set's)", integer(1))
  .option('--lr <rate>', 'largest learning rate of the One Cycle schedule (default: 0.01)', positive)
  .option('--seed <n>', 'seed of everything random', integer(0), 0)
  .option('--limit-train <n>', 'train on the first n images only', integer(1))
  .option('--limit-val <n>', 'validate on the first n images only', integer(1))
  .addOption(new Option('--fusion <formula>', 'how Yang (a) and Yin (i) are joined').choices(fusionFormulas))
  .addOption(new Option('--yin <input>', 'what Yin sees of the channels').choices(['mean', 'first']))
  .addOption(new Option('--activation <kind>', 'between convolutions').choices(['gelu', 'silu']))
  .addOption(
    new Option(
      '--precision <type>',
      'what pictures and their gradients are stored as; mixed is f16 and needs shader-f16',
    )
      .choices(['f32', 'mixed'])
      .default('f32'),
  )
  .option('--out <dir>', 'where the run is written (default: a new folder under runs/)')
  .option('--max-steps <n>', 'stop after n steps', integer(1))
  .option('--profile <n>', 'instead of training, time every kernel of n steps and write trace.json', integer(1))
  .option('--json', 'print the metrics as JSON lines instead of a progress bar')
  .addHelpText(
    'after',
    `
Examples:
  yy-train                                            the built-in data set, in a few minutes on any machine
  yy-train --data cifar-10-batches-bin --epochs 40    the paper's CIFAR-10 run
  yy-train --adapter discrete --model yynet-64        a wider net on the fast GPU`,
  )
  .action(run);

async function run(options: Options): Promise<void> {
  const data = await loadData(options);
  const recipe = configureRecipe(options, data);
  const net = new YYNet(configureNet(options, data));
  const choice = await requestNodeAdapter({ adapter: options.adapter });
  const device = await openNodeDevice(choice);
  if (options.profile) requireTimestamps(device);
  const { data: source, model, seed, limitTrain, limitVal, maxSteps } = options;
  const config = {
    ...{ data: source, model, adapter: choice.info.name, seed, limitTrain, limitVal, maxSteps },
    ...recipe,
    ...net.config,
    parameters: net.parameterCount,
    classNames: data.train.classes,
    trainImages: data.train.length,
    valImages: data.validation.length,
  };
  const folder = await RunFolder.create(
    options.out ?? (await RunFolder.next(nameOf(options, data))),
    snakeCase(config),
  );
  const say = options.json ? console.error : console.log;
  if (choice.notice) console.error(choice.notice);
  say(`${model}: ${net.parameterCount.toLocaleString('en')} parameters, on ${choice.info.name}`);
  say(`${data.train.length} images to train on, ${data.validation.length} to validate, written to ${folder.path}`);

  const trainer = await Trainer.create(device, net, data, recipe, seed);
  if (options.profile) {
    await printProfile(trainer, options.profile, folder, options.json);
    return;
  }
  const progress = new ProgressLine();
  try {
    await trainer.run(
      {
        onProgress: options.json ? undefined : (step) => progress.update(step),
        onEpoch: async (metrics) => {
          await folder.appendMetrics(metrics);
          await folder.writeCheckpoint(await trainer.stateDict(), new Map([['epoch', String(metrics.epoch)]]));
          if (options.json) console.log(JSON.stringify(metrics));
          else progress.print(describe(metrics, recipe.epochs));
        },
      },
      maxSteps,
    );
  } finally {
    progress.stop();
  }
}

async function loadData({ data, model, valSplit, seed, limitTrain, limitVal }: Options): Promise<Splits<Pictures>> {
  const { inputSize } = presets[model];
  const progress = new DataLine();
  try {
    const onProgress = (step: DataProgress) => progress.update(step);
    const opened = await openData(data, { inputSize, valSplit, seed, limitTrain, limitVal, onProgress });
    progress.stop();
    if (opened.notice) console.error(opened.notice);
    return opened;
  } finally {
    progress.stop();
  }
}

function configureNet({ model, fusion, yin, activation }: Options, { train }: Splits<Pictures>): YYNetConfig {
  const preset: YYNetConfig = presets[model];
  return {
    ...preset,
    classes: train.classes.length,
    inputChannels: train.channels,
    fusion: fusion ?? preset.fusion,
    yin: yin ?? preset.yin,
    activation: activation ?? preset.activation,
  };
}

function configureRecipe(options: Options, { train }: Splits<Pictures>): Recipe {
  const { data, epochs, batchSize, lr, precision } = options;
  const recipe = data === 'shapes' ? shapesRecipe : paperRecipe;
  return {
    ...recipe,
    ...(train.channels === 1 && greyNormalisation),
    epochs: epochs ?? recipe.epochs,
    batchSize: batchSize ?? recipe.batchSize,
    learningRate: lr ?? recipe.learningRate,
    precision,
  };
}

const nameOf = ({ model }: Options, { train }: Splits<Pictures>) => `${train.name}-${model}`;

/** The files we write name things as the metrics do: batch_size, not batchSize. */
const snakeCase = (object: object) =>
  Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );

await main(command);
