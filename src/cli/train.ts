#!/usr/bin/env node
import { InvalidArgumentError, Option } from 'commander';
import { dataNames } from '../data/data-folder.ts';
import { models } from '../nets.ts';
import { UserError } from '../runtime/errors.ts';
import { requireTimestamps } from '../runtime/profile.ts';
import { augmentations, type Freeze } from '../train/recipe.ts';
import { bounds } from '../train/schema.ts';
import {
  activationOption,
  adapterOption,
  createCommand,
  fraction,
  fusionOption,
  integer,
  main,
  positive,
  verboseOption,
  yinOption,
} from './command.ts';
import { openDevice } from './device.ts';
import { knownNets } from './known_nets.ts';
import { readLaunch } from './mpi/launch.ts';
import { printProfile } from './profile.ts';
import { beginRun, resumeRun } from './run.ts';
import { checkNet, readSettings, type Settings } from './settings.ts';
import { train } from './training.ts';

/** The flags; those of Settings override the recipe file. */
interface Options extends Settings {
  fusion?: string;
  yin?: string;
  activation?: string;
  width?: number;
  inputSize?: number;
  lr?: number;
  augment?: keyof typeof augmentations;
  config?: string;
  adapter: string;
  out?: string;
  resume?: string;
  checkpointEvery?: number;
  linkTimeout: number;
  profile?: number;
  tensorboard?: string;
  dashboard?: boolean;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** The flags allowed with --resume: they do not change the results of a step. Moved data are compared with those of the run. */
const ALLOWED_WITH_RESUME = [
  'resume',
  'data',
  'adapter',
  'checkpointEvery',
  'linkTimeout',
  'maxSteps',
  'tensorboard',
  'dashboard',
  'json',
  'quiet',
  'verbose',
];

const command = createCommand(
  'yy-train',
  'Trains YYNet, the Yin Yang Convolutional Net, or MobileNetV3-Small on any WebGPU adapter.',
)
  .option('--config <file>', 'a recipe in YAML or JSON, such as those in recipes/; flags override it')
  .option(
    '--data <name|path>',
    `${dataNames.join(', ')}, or a folder of pictures or of files in CIFAR's or MNIST's format (default: shapes)`,
  )
  .option(
    '--val-split <fraction>',
    'fraction of the pictures used for validation if the folder has no val/ with classes (default: 0.1)',
    fraction,
  )
  .addOption(new Option('--model <name>', 'the net (default: yynet-16)').choices(Object.keys(models)))
  .option(
    '--init <file|url|name>',
    `start from the weights of a net: a checkpoint, a run, a state dict (safetensors), its address, or ${Object.keys(knownNets).join(' or ')}`,
  )
  .addOption(adapterOption())
  .option('--epochs <n>', "passes over the training pictures (default: the data set's)", integer(...bounds.epochs))
  .option('--patience <n>', 'end after n epochs without a better validation accuracy (default: never)', integer(1))
  .option(
    '--batch-size <n>',
    "pictures per step (default: the data set's; fewer for few pictures)",
    integer(...bounds.batchSize),
  )
  .option(
    '--micro-batch <n>',
    'most pictures that the GPU works on at a time (default: the batch, or what fits into memory)',
    integer(1),
  )
  .option(
    '--shards <n>',
    'parts of a batch with statistics of their own, which the processes of mpirun or srun share out (default: 1)',
    integer(...bounds.shards),
  )
  .option('--lr <rate>', 'maximum learning rate of the One Cycle schedule (default: 0.01)', positive)
  .option(
    '--freeze <part>',
    "'body' (only the head trains), 'head-only' (only the last layer does) or the number of first blocks (default: 0)",
    freeze,
  )
  .option('--lr-backbone <factor>', 'factor of the learning rate for the body, which is all but the head', positive)
  .option(
    '--head-epochs <n>',
    'train only the head for n epochs, then all (default: 0; with --init and other classes an eighth, at most 5)',
    integer(0),
  )
  .option('--seed <n>', 'seed of all random numbers (default: 0)', integer(0))
  .option('--limit-train <n>', 'train on the first n pictures only', integer(1))
  .option('--limit-val <n>', 'validate on the first n pictures only', integer(1))
  .option(
    '--input-size <n>',
    "height and width that pictures are scaled and cropped to (default: the net's)",
    integer(1),
  )
  .option('--width <factor>', "factor of mobilenetv3-small's channels (default: 1)", positive)
  .addOption(fusionOption())
  .addOption(yinOption())
  .addOption(activationOption())
  .addOption(
    new Option(
      '--precision <type>',
      'data type of activations and their gradients; mixed is f16 and needs shader-f16 (default: f32)',
    ).choices(['f32', 'mixed']),
  )
  .addOption(
    new Option(
      '--augment <kind>',
      'random changes of the training pictures; strong adds rotation, colour, erased rectangles and mixup (default: paper)',
    ).choices(Object.keys(augmentations)),
  )
  .option('--balance', 'give classes of unequal size the same part of the loss')
  .option('--out <dir>', 'folder of the run (default: a new folder in runs/)')
  .option(
    '--resume <dir>',
    'resume the run in this folder, to the same bits as without a stop; --data tells where its data are now',
  )
  .option('--checkpoint-every <n>', 'write last.safetensors every n steps, besides after each epoch', integer(1))
  .addOption(
    new Option('--link-timeout <s>', 'seconds after which a process of mpirun or srun that does not answer is lost')
      .argParser(integer(1, 1_000_000))
      .default(60),
  )
  .option('--max-steps <n>', 'stop after n steps; with --resume it replaces the limit of the run', integer(1))
  .option('--profile <n>', 'do not train, but time every kernel of n steps and write trace.json', integer(1))
  .option('--dashboard', 'serve a page on this machine that shows training live: curves, mistakes, feature maps')
  .option('--tensorboard <dir>', 'write an event file for TensorBoard to this folder')
  .option('--json', 'print the metrics as JSON lines instead of a progress bar')
  .option('--quiet', 'print errors only')
  .addOption(verboseOption())
  .addHelpText(
    'after',
    `
Examples:
  yy-train                                            the built-in data set, a few minutes on any machine
  yy-train --data path/to/pictures                    one folder per class
  yy-train --config recipes/cifar10.yaml              the paper's CIFAR-10 run
  yy-train --resume runs/cifar10-yynet-16             resume a stopped run
  yy-train --adapter discrete --model yynet-64        a wider net on the fast GPU
  mpirun -n 4 npx yy-train --shards 4                 one net on four machines or adapters
  yy-train --data photos --model mobilenetv3-small --width 0.75 --input-size 96`,
  )
  .action(run);

async function run(options: Options): Promise<void> {
  const { adapter, resume, out, quiet, verbose, json, profile } = options;
  if (resume) checkResume(options);
  const settings = resume ? undefined : await settingsOf(options);
  const launch = readLaunch(process.env);
  if (launch) {
    if (profile) throw new UserError('--profile times one process, so it cannot be started by mpirun or srun.');
    // Imported here so that a process by itself loads nothing of it.
    const { trainTogether } = await import('./mpi/train.ts');
    return trainTogether(launch, options, settings);
  }
  const device = await openDevice({ adapter, quiet });
  if (profile) requireTimestamps(device);
  const run = await (settings
    ? beginRun(device, settings, { out, quiet, verbose })
    : resumeRun(device, resume!, options));
  const { trainer, folder, summary } = run;
  if (json && !quiet) console.error(summary);
  else if (!quiet) console.log(summary);
  if (profile) await printProfile(trainer, profile, folder, json);
  else await train(run, options);
}

/** Parses what --freeze takes. */
function freeze(text: string): Freeze {
  if (text === 'body' || text === 'head-only') return text;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`Expected 'body', 'head-only' or a number of blocks, got '${text}'.`);
}

/** Returns the settings of the recipe file, overridden by the flags. */
async function settingsOf({
  config: file,
  lr,
  fusion,
  yin,
  activation,
  width,
  inputSize,
  augment,
  ...flags
}: Options): Promise<Settings> {
  const recipe: Settings = file ? await readSettings(file) : {};
  const netFlags = { fusion, yin, activation, width, inputSize };
  const given = Object.fromEntries(Object.entries(netFlags).filter(([, value]) => value !== undefined));
  const net = { ...recipe.net, ...given };
  const { model = recipe.model, init = recipe.init } = flags;
  checkNet({ init, model, net }, 'the settings', (key) => (key in given ? `--${kebabCase(key)}` : key));
  return {
    ...recipe,
    ...flags,
    ...(augment && augmentations[augment]),
    ...(lr !== undefined && { learningRate: lr }),
    net,
  };
}

function checkResume(options: Options): void {
  const forbidden = Object.keys(options).find((option) => !ALLOWED_WITH_RESUME.includes(option));
  if (!forbidden) return;
  if (forbidden === 'epochs') {
    throw new UserError(
      "--epochs cannot be combined with --resume, because a run's learning rates follow from its number of epochs; for more epochs start a new run.",
    );
  }
  throw new UserError(
    `--resume uses the settings of the run, so it cannot be combined with --${kebabCase(forbidden)}.`,
  );
}

const kebabCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

await main(command);
