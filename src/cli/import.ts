#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { activationKinds } from '../autograd/ops/activation.ts';
import { CIFAR10_CLASSES } from '../data/cifar.ts';
import { decodeSafetensors } from '../data/safetensors.ts';
import { decodeText, linesOf } from '../data/text.ts';
import { plainState } from '../interop/plain_state.ts';
import type { NamedTensors } from '../interop/state.ts';
import { mobilenetV3Small } from '../mobilenet/architecture.ts';
import * as mobilenet from '../mobilenet/import.ts';
import { namingOf } from '../mobilenet/naming.ts';
import type { Architecture, NetConfig } from '../nn/architecture.ts';
import type { StateDict } from '../nn/parameters.ts';
import { writeAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import { encodeCheckpoint } from '../train/checkpoint.ts';
import { imagenetNormalisation, normalisationOf, paperRecipe } from '../train/recipe.ts';
import { yynet } from '../yinyang/architecture.ts';
import type { YYNetConfig } from '../yinyang/config.ts';
import { configOf, importState } from '../yinyang/import.ts';
import { decodeFile, requireNew } from './checkpoint_file.ts';
import { activationOption, createCommand, fusionOption, integer, main, quietOption, yinOption } from './command.ts';
import { RunFolder } from './run_folder.ts';

/** Parts of the config that tensor shapes do not determine. */
type UndeterminedConfig = Partial<Pick<YYNetConfig, 'fusion' | 'yin' | 'activation' | 'gate' | 'inputSize'>>;

interface Options extends UndeterminedConfig {
  readonly bn0?: 'used' | 'unused';
  readonly classNames?: readonly string[];
  readonly classesFile?: string;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly out?: string;
  readonly quiet?: boolean;
}

const ENDING = '.safetensors';

const list = (text: string) => text.split(',').map((part) => part.trim());

function numbers(text: string): number[] {
  const values = list(text).map((part) => (part === '' ? Number.NaN : Number(part)));
  if (values.every(Number.isFinite)) return values;
  throw new InvalidArgumentError(`Expected numbers separated by commas, got '${text}'.`);
}

const command = createCommand(
  'yy-import',
  "Converts a PyTorch state dict (safetensors) to a checkpoint. Its names may be yynet's or those of the authors' programs, or timm's or torchvision's for MobileNetV3-Small.",
)
  .argument('<file>', 'the state dict, a .safetensors file')
  .addOption(fusionOption())
  .addOption(yinOption())
  .addOption(activationOption())
  .addOption(new Option('--gate <kind>', "activation of squeeze-and-excitation's gate").choices(activationKinds))
  .addOption(
    new Option('--bn0 <use>', "whether MBConv uses bn0; the authors' ImageNet script does not").choices([
      'used',
      'unused',
    ]),
  )
  .option('--input-size <n>', 'height and width of the pictures', integer(1))
  .addOption(
    new Option('--class-names <names>', 'class names separated by commas').argParser(list).conflicts('classesFile'),
  )
  .option('--classes-file <file>', 'file with one class name per line')
  .option(
    '--mean <values>',
    "mean of each channel, for pixels from 0 to 1 (default: the paper's, or ImageNet's for timm's and torchvision's names)",
    numbers,
  )
  .option('--std <values>', "standard deviation of each channel (default: the paper's)", numbers)
  .option(
    '--out <file|dir>',
    `output file (*${ENDING}), or a folder for last${ENDING} (default: a new folder in runs/)`,
  )
  .addOption(quietOption())
  .addHelpText(
    'after',
    `
Tensor shapes determine the widths of the net. Everything else is as in the program whose names the tensors have, unless a
flag overrides it. Prefixes such as module. are stripped, and f16, bf16 and f64 are converted.

Examples:
  yy-import cifar_notebook.safetensors                          the authors' CIFAR-10 notebook
  yy-import imagenet_script.safetensors --classes-file imagenet_classes.txt
  yy-import mobilenetv3_small_100.safetensors --classes-file imagenet_classes.txt
  yy-import mine.safetensors --fusion 'a*i' --class-names cat,dog --out pets.safetensors`,
  )
  .action(run);

async function run(file: string, options: Options): Promise<void> {
  const { notes, ...imported } = await decodeFile(file, (bytes) => read(bytes, options));
  const { architecture, config, state, naming, details } = imported;
  if (!options.quiet) for (const note of notes) console.error(`${file}: ${note}`);
  const classNames = await classNamesOf(imported, options);
  const recipe = { ...paperRecipe, ...normalisationFrom(imported, options) };
  const target = await targetOf(file, options);
  const checkpoint = { architecture, config, recipe, seed: 0, classNames, fingerprint: '', state };
  await writeAtomically(target, encodeCheckpoint(checkpoint));
  if (!options.quiet) console.log(`${target}: ${config.classes} classes, names of ${naming}, ${details}`);
}

function read(bytes: Uint8Array, { fusion, yin, activation, gate, inputSize, bn0 }: Options) {
  const file = decodeSafetensors(bytes);
  if (file.metadata.has('config')) throw new UserError('This is already a checkpoint of yynet and needs no import.');
  const { tensors, notes } = plainState(file.tensors);
  const flags = { fusion, yin, activation, gate, inputSize, bn0: bn0 && bn0 === 'used' };
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const isMobileNet = namingOf(Object.keys(tensors)) !== undefined;
  return { ...(isMobileNet ? readMobileNet(tensors, given) : readYYNet(tensors, given)), notes };
}

/** A state dict of another program, as a net of ours. */
interface Imported {
  readonly architecture: Architecture;
  readonly config: NetConfig;
  readonly state: StateDict;
  readonly naming: string;
  /** The config in words. */
  readonly details: string;
}

function readYYNet(tensors: NamedTensors, flags: UndeterminedConfig): Imported {
  const config = yynet.check(configOf(tensors, flags), 'the net');
  return { architecture: yynet, ...importState(tensors, config), details: describe(config) };
}

function readMobileNet(tensors: NamedTensors, { inputSize, ...others }: UndeterminedConfig): Imported {
  const [wrong] = Object.keys(others);
  if (wrong) throw new UserError(`--${wrong} is for YYNet, but the tensors are those of ${mobilenetV3Small.name}.`);
  const inferred = mobilenet.configOf(tensors, inputSize === undefined ? {} : { inputSize });
  const config = mobilenetV3Small.check(inferred, 'the net');
  const details = `${mobilenetV3Small.name}, width ${config.width}, pictures of ${config.inputSize} × ${config.inputSize}`;
  return { architecture: mobilenetV3Small, ...mobilenet.importState(tensors, config), details };
}

/** Returns the class names of the flags, or CIFAR-10's for the authors' notebook, or 'class 0', 'class 1' … */
async function classNamesOf({ config, naming }: Imported, options: Options): Promise<readonly string[]> {
  const { classes } = config;
  const { classesFile, classNames = classesFile ? await readLines(classesFile) : undefined } = options;
  if (classNames && classNames.length !== classes) {
    const source = classesFile ? `--classes-file ${classesFile}` : '--class-names';
    throw new UserError(`${source} has ${classNames.length} names, but the net has ${classes} classes.`);
  }
  if (classNames) return classNames;
  if (naming === 'cifar-notebook' && classes === CIFAR10_CLASSES.length) return CIFAR10_CLASSES;
  return Array.from({ length: classes }, (_, label) => `class ${label}`);
}

async function readLines(file: string): Promise<string[]> {
  const bytes = await readFile(file).catch(({ message }: Error) => {
    throw new UserError(`--classes-file ${file} cannot be read: ${message}.`);
  });
  return linesOf(decodeText(bytes, `--classes-file ${file}`));
}

function normalisationFrom({ config: { inputChannels }, naming }: Imported, options: Options) {
  const colours = naming === 'timm' || naming === 'torchvision' ? imagenetNormalisation : paperRecipe;
  const defaults = normalisationOf(inputChannels, colours);
  const { mean = defaults.mean, std = defaults.std } = options;
  for (const [flag, { length }] of Object.entries({ mean, std })) {
    if (length !== inputChannels) {
      throw new UserError(`--${flag} has ${length} values, but the net's pictures have ${inputChannels} channels.`);
    }
  }
  if (std.some((value) => value <= 0)) throw new UserError(`--std must be above 0, got ${std}.`);
  return { mean, std };
}

/** @throws UserError if the file exists */
async function targetOf(file: string, { out }: Options): Promise<string> {
  const folder = out ?? (await RunFolder.nextPath(basename(file, ENDING)));
  const target = folder.endsWith(ENDING) ? folder : join(folder, `last${ENDING}`);
  await requireNew(target);
  return target;
}

const describe = ({ fusion, yin, activation, gate, bn0, inputSize }: YYNetConfig) =>
  `fusion ${fusion}, Yin from the ${yin === 'mean' ? 'mean' : 'first channel'}, ${activation}, ${gate}, ` +
  `bn0 ${bn0 ? 'used' : 'unused'}, pictures of ${inputSize} × ${inputSize}`;

await main(command);
