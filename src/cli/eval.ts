#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Option } from 'commander';
import { dataNames } from '../data/data-folder.ts';
import type { Pictures } from '../data/dataset.ts';
import { loadSharp } from '../data/decode-file.ts';
import { fingerprint } from '../data/fingerprint.ts';
import type { SplitName } from '../data/split_names.ts';
import { type Classification, Classifier } from '../inference/classifier.ts';
import { type ConfusionMatrix, largestConfusions } from '../inference/confusion.ts';
import type { NetConfig } from '../nn/architecture.ts';
import { percent } from '../report/format.ts';
import { writeAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import { checkpointFile, readCheckpoint } from './checkpoint_file.ts';
import {
  adapterOption,
  batchSizeOption,
  CHECKPOINT,
  createCommand,
  fraction,
  integer,
  main,
  quietOption,
  verboseOption,
} from './command.ts';
import { confusionSvg, MAX_MATRIX_CLASSES } from './confusion_svg.ts';
import { classTable, confusionTable } from './confusion_text.ts';
import { openDevice } from './device.ts';
import { type Evaluated, evalReport } from './eval_report.ts';
import { channelsOf } from './pictures.ts';
import { DataLine } from './progress.ts';
import { RunFolder } from './run_folder.ts';
import { absoluteData, loadData, loadScored, readSettings, type Settings } from './settings.ts';
import { pngAddress, SurestMistakes } from './surest_mistakes.ts';

interface Options {
  readonly data?: string;
  readonly valSplit?: number;
  readonly split?: SplitName;
  readonly limitVal?: number;
  readonly batchSize?: number;
  readonly adapter: string;
  readonly out?: string;
  readonly report?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** The most pictures in a report. */
const MAX_MISTAKES = 24;

/** The most confusions in JSON. */
const MAX_JSON_PAIRS = 1000;

const command = createCommand('yy-eval', 'Evaluates a trained net on the validation pictures, or on others.')
  .argument('<checkpoint>', CHECKPOINT)
  .option('--data <name|path>', `${dataNames.join(', ')}, or a folder (default: the data set of the run)`)
  .option('--val-split <fraction>', 'fraction of the pictures used for validation if the folder has no val/', fraction)
  .addOption(
    new Option(
      '--split <name>',
      'train, val or test (default: val, else test, else all pictures of the folder)',
    ).choices(['train', 'val', 'test']),
  )
  .option('--limit-val <n>', 'evaluate the first n pictures only', integer(1))
  .addOption(batchSizeOption())
  .addOption(adapterOption())
  .option('--out <dir>', 'folder for confusion.svg and confusion.png (default: the folder of the checkpoint)')
  .option('--report <file>', 'write one HTML page: classes, confusions, the surest mistakes, the curves of training')
  .option('--json', 'print the result as one line of JSON')
  .addOption(quietOption())
  .addOption(verboseOption())
  .addHelpText(
    'after',
    `
Examples:
  yy-eval runs/shapes-yynet-16                            on the validation pictures of the run
  yy-eval runs/cifar10-yynet-16 --limit-val 1000 --json   on some of them, as JSON
  yy-eval imported.safetensors --data cifar10             on another data set of the same classes
  yy-eval runs/pets-yynet-16 --report pets.html           with a page of the classes and the surest mistakes
  yy-eval runs/pets-yynet-16 --split test                 on the pictures of the folder's test/
  yy-eval runs/pets-yynet-16 --data other/pets            on all pictures of a folder without splits`,
  )
  .action(run);

async function run(path: string, options: Options): Promise<void> {
  const file = await checkpointFile(path);
  const checkpoint = await readCheckpoint(file);
  const { config, classNames, recipe } = checkpoint;
  if (options.report) {
    requireHtml(options.report);
    await loadSharp();
  }
  const { quiet, split } = options;
  const settings = await settingsOf(file, options);
  const pictures = await openPictures(settings, checkpoint, options);
  requireClasses(pictures, classNames, settings.data);
  const batchSize = Math.min(options.batchSize ?? recipe.batchSize, pictures.length);
  const classifier = await Classifier.create(await openDevice(options), checkpoint, batchSize);
  const progress = new DataLine();
  const mistakes = new SurestMistakes(options.report ? MAX_MISTAKES : 0);
  const onBatch = (done: number, batch: readonly Classification[]) => {
    if (!quiet) progress.update({ task: 'evaluating', done, total: pictures.length });
    mistakes.add(batch);
  };
  const { loss, confusion, unlike } = await classifier.evaluate(pictures, onBatch).finally(() => progress.stop());
  const { accuracy, classes } = confusion;
  const heading = `${file} on ${settings.data}${split ? ` (${split})` : ''}: ${pictures.length} pictures`;
  const score = `accuracy ${(100 * accuracy).toFixed(2)} %, loss ${loss.toFixed(4)}`;
  const marked = unlike === undefined ? [] : [`${percent(unlike)} of the pictures are unlike those of training`];
  const title = `${score} (${pictures.length} pictures)`;
  // Print the result even if the files cannot be written: computing it may have taken long.
  const write = async () => {
    const files = await writeConfusion(options.out ?? dirname(file), confusion, title);
    const evaluated = { checkpoint: file, data: settings.data, loss, unlike, confusion };
    return options.report ? [...files, await writeReport(options.report, evaluated, mistakes, config)] : files;
  };
  const [written] = await Promise.allSettled([write()]);
  const files = written.status === 'fulfilled' ? written.value : [];
  if (options.json) {
    const { temperature } = classifier;
    const result = {
      checkpoint: file,
      data: settings.data,
      pictures: pictures.length,
      accuracy,
      loss,
      temperature,
      unlike,
    };
    console.log(JSON.stringify({ ...result, classes, ...confusionJson(confusion), files }));
  } else {
    const paragraphs = [heading, score, ...marked, classTable(confusion), confusionTable(confusion)];
    console.log([...paragraphs, ...(files.length > 0 ? [files.join('\n')] : [])].join('\n\n'));
  }
  if (written.status === 'rejected') throw written.reason;
}

/** @throws UserError for another ending: a mistyped path must not replace a checkpoint */
function requireHtml(path: string): void {
  if (!/\.html?$/i.test(path)) throw new UserError(`--report: expected a name that ends in .html, got '${path}'.`);
}

/** Writes the report, with the curves of the checkpoint's run if it has any. Returns its path. */
async function writeReport(
  file: string,
  evaluated: Omit<Evaluated, 'mistakes'>,
  mistakes: SurestMistakes,
  config: NetConfig,
): Promise<string> {
  const metrics = await RunFolder.metricsOf(dirname(evaluated.checkpoint));
  const shown = mistakes.all.map(async ({ pixels, ...mistake }) => ({
    ...mistake,
    address: await pngAddress(pixels, channelsOf(config)),
  }));
  // Imported here because the chart library is slow to load.
  const curves = metrics.length > 0 ? (await import('./chart.ts')).learningCurves(metrics) : undefined;
  await writeAtomically(file, evalReport({ ...evaluated, mistakes: await Promise.all(shown), curves }));
  return file;
}

interface EvalSettings extends Settings {
  readonly data: string;
  /** Whether the net was trained on these data. */
  readonly isOwn: boolean;
}

/** Returns the run's settings for data, overridden by the flags. */
async function settingsOf(file: string, { data, valSplit, limitVal }: Options): Promise<EvalSettings> {
  const configFile = join(dirname(file), 'config.json');
  const run: Settings = existsSync(configFile) ? await readSettings(configFile) : {};
  const name = data ?? run.data;
  if (!name)
    throw new UserError(`No data set to evaluate on: there is no config.json beside ${file}; expected --data.`);
  // The run's limits apply to its own data set only.
  const limits = data ? {} : { limitTrain: run.limitTrain, limitVal: run.limitVal };
  return {
    ...limits,
    data: name,
    isOwn: run.data !== undefined && absoluteData(name) === absoluteData(run.data),
    valSplit: valSplit ?? run.valSplit,
    ...(limitVal !== undefined && { limitVal }),
  };
}

/** Opens the pictures to evaluate on: those that validated in training, or with --data or --split test, what they name. */
async function openPictures(settings: EvalSettings, checkpoint: Checkpoint, options: Options): Promise<Pictures> {
  const { config, classNames } = checkpoint;
  const { split, data, valSplit, quiet, verbose } = options;
  const load = { inputSize: config.inputSize, channels: channelsOf(config), quiet, verbose };
  const seeded = { ...settings, seed: checkpoint.seed };
  if (split === 'test' || (data !== undefined && valSplit === undefined)) {
    const scored = await loadScored(seeded, { ...load, classes: classNames, split });
    if (settings.isOwn && scored.split === undefined && !quiet) {
      console.error(
        `The net was trained on pictures of ${data}; without --data, only those that validated are scored.`,
      );
    }
    return scored.pictures;
  }
  const { train, validation } = await loadData(seeded, load);
  if (!data && !quiet) await warnIfTrainedOn(train, checkpoint, settings.data);
  return split === 'train' ? train : validation;
}

/** Warns if the training pictures have changed since training: then the net may have been trained on validation pictures. */
async function warnIfTrainedOn(train: Pictures, { fingerprint: expected }: Checkpoint, data: string): Promise<void> {
  if (expected === '' || expected === (await fingerprint(train))) return;
  console.error(
    `${data} or its split has changed since training: the net may have been trained on some of these pictures.`,
  );
}

function requireClasses({ classes }: Pictures, expected: readonly string[], data: string): void {
  if (classes.length !== expected.length) {
    throw new UserError(`${data} has ${classes.length} classes, but the checkpoint has ${expected.length}.`);
  }
  const label = expected.findIndex((name, i) => name !== classes[i]);
  if (label < 0) return;
  throw new UserError(
    `${data} has other classes than the checkpoint: class ${label} is '${classes[label]}', expected '${expected[label]}'.`,
  );
}

/** The matrix as rows, or, of more classes than the picture shows, the largest confusions. */
function confusionJson(matrix: ConfusionMatrix) {
  const { classNames, counts } = matrix;
  if (classNames.length <= MAX_MATRIX_CLASSES) {
    return { confusion: classNames.map((_, label) => classNames.map((_, prediction) => matrix.at(label, prediction))) };
  }
  const pairs = largestConfusions(counts, classNames.length, MAX_JSON_PAIRS);
  return {
    confusions: pairs.map(({ label, prediction, count }) => ({
      actual: classNames[label],
      predicted: classNames[prediction],
      pictures: count,
    })),
  };
}

/** Writes the confusion matrix as SVG, and as PNG where sharp is there. Returns the paths of the files. */
async function writeConfusion(folder: string, confusion: ConfusionMatrix, title: string): Promise<string[]> {
  const svg = confusionSvg(confusion, title);
  const files = [join(folder, 'confusion.svg')];
  await writeAtomically(files[0], svg);
  try {
    const sharp = await loadSharp();
    files.push(join(folder, 'confusion.png'));
    await writeAtomically(files[1], await sharp(Buffer.from(svg)).png().toBuffer());
  } catch (error) {
    if (files.length > 1) throw error;
    console.error(`confusion.png is not written: ${(error as Error).message}`);
  }
  return files;
}

await main(command);
