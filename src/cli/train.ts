#!/usr/bin/env node
import { Option } from 'commander';
import { dataNames } from '../data/data-folder.ts';
import { UserError } from '../runtime/errors.ts';
import { requireTimestamps } from '../runtime/profile.ts';
import { bounds } from '../train/schema.ts';
import { presets } from '../yinyang/config.ts';
import {
  activationOption,
  adapterOption,
  createCommand,
  fusionOption,
  integer,
  main,
  positive,
  share,
  yinOption,
} from './command.ts';
import { openDevice } from './device.ts';
import { printProfile } from './profile.ts';
import { beginRun, resumeRun } from './run.ts';
import { readSettings, type Settings } from './settings.ts';
import { train } from './training.ts';

/** Flags that set what a recipe file sets too. */
interface Options extends Settings {
  lr?: number;
  config?: string;
  adapter: string;
  out?: string;
  resume?: string;
  checkpointEvery?: number;
  profile?: number;
  tensorboard?: string;
  dashboard?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** The flags that may stand beside --resume: none of them changes what a step does. */
const BESIDE_RESUME = ['resume', 'adapter', 'checkpointEvery', 'maxSteps', 'tensorboard', 'dashboard', 'json', 'quiet'];

const command = createCommand('yy-train', 'Trains YYNet, the Yin Yang Convolutional Net, on any WebGPU adapter.')
  .option('--config <file>', 'a recipe in YAML or JSON, such as those in recipes/; flags go before what it says')
  .option(
    '--data <name|path>',
    `${dataNames.join(', ')}, or a folder of pictures or of CIFAR's or MNIST's files (default: shapes)`,
  )
  .option('--val-split <share>', 'of a folder of pictures without val/, the share that validates (default: 0.1)', share)
  .addOption(new Option('--model <name>', 'which net (default: yynet-16)').choices(Object.keys(presets)))
  .addOption(adapterOption())
  .option('--epochs <n>', "passes over the training images (default: the data set's)", integer(...bounds.epochs))
  .option('--batch-size <n>', "images a step (default: the data set's)", integer(...bounds.batchSize))
  .option('--lr <rate>', 'largest learning rate of the One Cycle schedule (default: 0.01)', positive)
  .option('--seed <n>', 'seed of everything random (default: 0)', integer(0))
  .option('--limit-train <n>', 'train on the first n images only', integer(1))
  .option('--limit-val <n>', 'validate on the first n images only', integer(1))
  .addOption(fusionOption())
  .addOption(yinOption())
  .addOption(activationOption())
  .addOption(
    new Option(
      '--precision <type>',
      'what pictures and their gradients are stored as; mixed is f16 and needs shader-f16 (default: f32)',
    ).choices(['f32', 'mixed']),
  )
  .option('--out <dir>', 'where the run is written (default: a new folder under runs/)')
  .option('--resume <dir>', 'go on with the run in this folder, to the same bits as if it had never stopped')
  .option('--checkpoint-every <n>', 'write last.safetensors every n steps, not only after each epoch', integer(1))
  .option(
    '--max-steps <n>',
    'stop after n steps; beside --resume, in place of the limit that the run began with',
    integer(1),
  )
  .option('--profile <n>', 'instead of training, time every kernel of n steps and write trace.json', integer(1))
  .option('--dashboard', 'show on a page of this machine how training goes, and what the net learns')
  .option('--tensorboard <dir>', 'write an event file for TensorBoard into this folder')
  .option('--json', 'print the metrics as JSON lines instead of a progress bar')
  .option('--quiet', 'print nothing but errors')
  .addHelpText(
    'after',
    `
Examples:
  yy-train                                            the built-in data set, in a few minutes on any machine
  yy-train --data path/to/pictures                    a folder for each class
  yy-train --config recipes/cifar10.yaml              the paper's CIFAR-10 run
  yy-train --resume runs/cifar10-yynet-16             go on where it stopped
  yy-train --adapter discrete --model yynet-64        a wider net on the fast GPU`,
  )
  .action(run);

async function run(options: Options): Promise<void> {
  const { adapter, resume, out, quiet, json, profile } = options;
  if (resume) checkResume(options);
  const settings = resume ? undefined : await settingsOf(options);
  const device = await openDevice({ adapter, quiet });
  if (profile) requireTimestamps(device);
  const run = await (settings ? beginRun(device, settings, { out, quiet }) : resumeRun(device, resume!, options));
  const { trainer, folder, summary } = run;
  if (json && !quiet) console.error(summary);
  else if (!quiet) console.log(summary);
  if (profile) await printProfile(trainer, profile, folder, json);
  else await train(run, options);
}

/** What the recipe file says, and over it the flags. */
async function settingsOf({ config: file, lr, ...flags }: Options): Promise<Settings> {
  return {
    ...(file && (await readSettings(file))),
    ...flags,
    ...(lr !== undefined && { learningRate: lr }),
  };
}

function checkResume(options: Options): void {
  const other = Object.keys(options).find((option) => !BESIDE_RESUME.includes(option));
  if (!other) return;
  throw new UserError(`--resume goes on with the run's own settings: --${kebabCase(other)} cannot stand beside it.`);
}

const kebabCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

await main(command);
