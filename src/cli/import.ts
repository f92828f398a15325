#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { CIFAR10_CLASSES } from '../data/cifar.ts';
import { decodeSafetensors, type TensorFile } from '../data/safetensors.ts';
import { configOf, type ImportedState, importState } from '../interop/import.ts';
import { writeAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import { encodeCheckpoint } from '../train/checkpoint.ts';
import { greyNormalisation, paperRecipe } from '../train/recipe.ts';
import { configSchema, parse } from '../train/schema.ts';
import type { YYNetConfig } from '../yinyang/config.ts';
import { decodeFile, requireNew } from './checkpoint_file.ts';
import { activationOption, createCommand, fusionOption, integer, main, quietOption, yinOption } from './command.ts';
import { RunFolder } from './run_folder.ts';

/** What shapes do not tell of a net. */
type Unseen = Partial<Pick<YYNetConfig, 'fusion' | 'yin' | 'activation' | 'gate' | 'inputSize'>>;

interface Options extends Unseen {
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
  throw new InvalidArgumentError(`Expected numbers with commas between them, got '${text}'.`);
}

const command = createCommand(
  'yy-import',
  "Makes a checkpoint of a PyTorch state dict, saved as safetensors with our names or the authors' of either program.",
)
  .argument('<file>', 'the state dict, a .safetensors file')
  .addOption(fusionOption())
  .addOption(yinOption())
  .addOption(activationOption())
  .addOption(new Option('--gate <kind>', "of squeeze-and-excite's weights").choices(['sigmoid', 'hard_sigmoid']))
  .addOption(
    new Option('--bn0 <use>', "whether MBConv uses bn0, which the authors' ImageNet script does not").choices([
      'used',
      'unused',
    ]),
  )
  .option('--input-size <n>', 'pictures are n × n pixels', integer(1))
  .addOption(new Option('--class-names <names>', 'with commas between them').argParser(list).conflicts('classesFile'))
  .option('--classes-file <file>', 'the names of the classes, one a line')
  .option('--mean <values>', "of each channel, on pixels from 0 to 1 (default: the paper's)", numbers)
  .option('--std <values>', 'likewise', numbers)
  .option('--out <file|dir>', `a ${ENDING} file, or the folder for a last${ENDING} (default: a new one under runs/)`)
  .addOption(quietOption())
  .addHelpText(
    'after',
    `
What shapes do not tell is, unless a flag says otherwise, as in the program that the names are from.

Examples:
  yy-import cifar_notebook.safetensors                          the authors' CIFAR-10 notebook
  yy-import imagenet_script.safetensors --classes-file imagenet_classes.txt
  yy-import mine.safetensors --fusion 'a*i' --class-names cat,dog --out pets.safetensors`,
  )
  .action(run);

async function run(file: string, options: Options): Promise<void> {
  const imported = await decodeFile(file, (bytes) => read(bytes, options));
  const { config, state, naming } = imported;
  const classNames = await classNamesOf(imported, options);
  const recipe = { ...paperRecipe, ...normalisationOf(config, options) };
  const target = await targetOf(file, options);
  await writeAtomically(target, encodeCheckpoint({ config, recipe, seed: 0, classNames, fingerprint: '', state }));
  if (!options.quiet) console.log(`${target}: ${config.classes} classes, names as of ${naming}, ${describe(config)}`);
}

function read(bytes: Uint8Array, { fusion, yin, activation, gate, inputSize, bn0 }: Options): ImportedState {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.has('config')) throw new UserError('It is a checkpoint of ours already, and needs no import.');
  requireFinite(tensors);
  const known = { fusion, yin, activation, gate, inputSize, bn0: bn0 && bn0 === 'used' };
  const given = Object.entries(known).filter(([, value]) => value !== undefined);
  const named = Object.fromEntries(tensors);
  const config = parse(configSchema, configOf(named, Object.fromEntries(given)), 'the net');
  return importState(named, config);
}

/** @throws UserError where training had diverged before it was saved */
function requireFinite(tensors: TensorFile['tensors']): void {
  for (const [name, { dtype, data }] of tensors) {
    if (dtype === 'F32' && !data.every(Number.isFinite)) {
      throw new UserError(`Tensor '${name}' has numbers that are not finite.`);
    }
  }
}

/** As given, or CIFAR-10's for the authors' notebook, or numbers. */
async function classNamesOf({ config, naming }: ImportedState, options: Options): Promise<readonly string[]> {
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
  try {
    return (await readFile(file, 'utf8')).split(/\r?\n/).filter((line) => line.trim());
  } catch (error) {
    throw new UserError(`--classes-file ${file} cannot be read: ${(error as Error).message}.`);
  }
}

function normalisationOf({ inputChannels }: YYNetConfig, options: Options) {
  const usual = inputChannels === 1 ? greyNormalisation : paperRecipe;
  const { mean = usual.mean, std = usual.std } = options;
  for (const [flag, { length }] of Object.entries({ mean, std })) {
    if (length !== inputChannels) {
      throw new UserError(`--${flag} has ${length} values, but the net's pictures have ${inputChannels} channels.`);
    }
  }
  if (std.some((value) => value <= 0)) throw new UserError(`--std must be above 0, got ${std}.`);
  return { mean, std };
}

/** @throws UserError where something is there already */
async function targetOf(file: string, { out }: Options): Promise<string> {
  const folder = out ?? (await RunFolder.next(basename(file, ENDING)));
  const target = folder.endsWith(ENDING) ? folder : join(folder, `last${ENDING}`);
  await requireNew(target);
  return target;
}

const describe = ({ fusion, yin, activation, gate, bn0, inputSize }: YYNetConfig) =>
  `fusion ${fusion}, Yin of the ${yin === 'mean' ? 'mean' : 'first channel'}, ${activation}, ${gate}, ` +
  `bn0 ${bn0 ? 'used' : 'unused'}, pictures of ${inputSize} × ${inputSize}`;

await main(command);
