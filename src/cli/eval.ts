#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dataNames } from '../data/data-folder.ts';
import type { Pictures } from '../data/dataset.ts';
import { fingerprint } from '../data/fingerprint.ts';
import { loadSharp } from '../data/packed-folder.ts';
import { writeAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import { Classifier } from '../train/classifier.ts';
import type { ConfusionMatrix } from '../train/confusion.ts';
import { checkpointFile, readCheckpoint } from './checkpoint_file.ts';
import {
  adapterOption,
  batchSizeOption,
  CHECKPOINT,
  createCommand,
  integer,
  main,
  quietOption,
  share,
} from './command.ts';
import { confusionSvg } from './confusion_svg.ts';
import { classTable, confusionTable } from './confusion_text.ts';
import { openDevice } from './device.ts';
import { channelsOf } from './pictures.ts';
import { DataLine } from './progress.ts';
import { loadData, readSettings, type Settings } from './settings.ts';

interface Options {
  readonly data?: string;
  readonly valSplit?: number;
  readonly limitVal?: number;
  readonly batchSize?: number;
  readonly adapter: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const command = createCommand('yy-eval', 'Scores a trained net on the pictures that validate.')
  .argument('<checkpoint>', CHECKPOINT)
  .option('--data <name|path>', `${dataNames.join(', ')}, or a folder (default: what the run was validated on)`)
  .option('--val-split <share>', 'of a folder of pictures without val/, the share that validates', share)
  .option('--limit-val <n>', 'the first n pictures only', integer(1))
  .addOption(batchSizeOption())
  .addOption(adapterOption())
  .option('--out <dir>', 'where confusion.svg and confusion.png are written (default: beside the checkpoint)')
  .option('--json', 'print the result as one line of JSON')
  .addOption(quietOption())
  .addHelpText(
    'after',
    `
Examples:
  yy-eval runs/shapes-yynet-16                            on what the run was validated on
  yy-eval runs/cifar10-yynet-16 --limit-val 1000 --json   on some of it, for a program
  yy-eval imported.safetensors --data cifar10             on another data set of the same classes`,
  )
  .action(run);

async function run(path: string, options: Options): Promise<void> {
  const file = await checkpointFile(path);
  const checkpoint = await readCheckpoint(file);
  const { config, classNames, recipe, seed } = checkpoint;
  const { quiet } = options;
  const settings = { ...(await settingsOf(file, options)), seed };
  const { inputSize } = config;
  const { train, validation } = await loadData(settings, { inputSize, channels: channelsOf(config), quiet });
  requireClasses(validation, classNames, settings.data);
  if (!options.data && !quiet) await warnOfTrained(train, checkpoint, settings.data);
  const batchSize = Math.min(options.batchSize ?? recipe.batchSize, validation.length);
  const classifier = await Classifier.create(await openDevice(options), checkpoint, batchSize);
  const progress = new DataLine();
  const onBatch = (done: number) => progress.update({ task: 'evaluating', done, total: validation.length });
  const { loss, confusion } = await classifier
    .evaluate(validation, quiet ? undefined : onBatch)
    .finally(() => progress.stop());
  const { accuracy, classes } = confusion;
  const about = `${file} on ${settings.data}: ${validation.length} pictures`;
  const score = `accuracy ${(100 * accuracy).toFixed(2)} %, loss ${loss.toFixed(4)}`;
  const title = `${score} (${validation.length} pictures)`;
  // What took long to find is printed even where the pictures cannot be written.
  const [written] = await Promise.allSettled([writePictures(options.out ?? dirname(file), confusion, title)]);
  const files = written.status === 'fulfilled' ? written.value : [];
  if (options.json) {
    const rows = classNames.map((_, label) => classNames.map((_, prediction) => confusion.at(label, prediction)));
    const result = { checkpoint: file, data: settings.data, pictures: validation.length, accuracy, loss };
    console.log(JSON.stringify({ ...result, classes, confusion: rows, files }));
  } else {
    const paragraphs = [about, score, classTable(confusion), confusionTable(confusion)];
    console.log([...paragraphs, ...(files.length > 0 ? [files.join('\n')] : [])].join('\n\n'));
  }
  if (written.status === 'rejected') throw written.reason;
}

/** The run's own data set and limits, or those that the flags tell. */
async function settingsOf(file: string, { data, valSplit, limitVal }: Options): Promise<Settings & { data: string }> {
  const configFile = join(dirname(file), 'config.json');
  const run: Settings = existsSync(configFile) ? await readSettings(configFile) : {};
  const name = data ?? run.data;
  if (!name) throw new UserError(`No config.json beside ${file} tells what to evaluate on; expected --data.`);
  // Limits of another data set would say nothing.
  const limits = data ? {} : { limitTrain: run.limitTrain, limitVal: run.limitVal };
  return { ...limits, data: name, valSplit: valSplit ?? run.valSplit, ...(limitVal !== undefined && { limitVal }) };
}

/** Where a data set's training part is another one by now, so may be the part that validates. */
async function warnOfTrained(train: Pictures, { fingerprint: trained }: Checkpoint, data: string): Promise<void> {
  if (trained === '' || trained === (await fingerprint(train))) return;
  console.error(
    `${data} has changed since training, or is split otherwise: the net may have been trained on some of what it is scored on.`,
  );
}

function requireClasses({ classes }: Pictures, known: readonly string[], data: string): void {
  if (classes.length !== known.length) {
    throw new UserError(`${data} has ${classes.length} classes, but the checkpoint knows ${known.length}.`);
  }
  const label = known.findIndex((name, i) => name !== classes[i]);
  if (label < 0) return;
  throw new UserError(
    `${data} has other classes than the checkpoint: its class ${label} is '${classes[label]}', expected '${known[label]}'.`,
  );
}

/** @returns the files */
async function writePictures(folder: string, confusion: ConfusionMatrix, title: string): Promise<string[]> {
  const svg = confusionSvg(confusion, title);
  const sharp = await loadSharp();
  const contents = { 'confusion.svg': svg, 'confusion.png': await sharp(Buffer.from(svg)).png().toBuffer() };
  const files: string[] = [];
  for (const [name, content] of Object.entries(contents)) {
    files.push(join(folder, name));
    await writeAtomically(join(folder, name), content);
  }
  return files;
}

await main(command);
