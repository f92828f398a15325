#!/usr/bin/env node
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { decodePicture, loadSharp, reasonAlone } from '../data/packed-folder.ts';
import { UserError } from '../runtime/errors.ts';
import { Classifier, type Guess, likeliest } from '../train/classifier.ts';
import { percent } from '../train/format.ts';
import { readCheckpoint } from './checkpoint_file.ts';
import { adapterOption, batchSizeOption, CHECKPOINT, createCommand, integer, main, quietOption } from './command.ts';
import { openDevice } from './device.ts';
import { channelsOf } from './pictures.ts';

interface Options {
  readonly top: number;
  readonly batchSize?: number;
  readonly adapter: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const command = createCommand('yy-predict', 'Tells what a trained net takes pictures for.')
  .argument('<checkpoint>', CHECKPOINT)
  .argument('<images...>', 'pictures (jpg, png, webp); - reads their paths from stdin, one a line')
  .option('--top <n>', 'the n most probable classes', integer(1), 3)
  .addOption(batchSizeOption())
  .addOption(adapterOption())
  .option('--json', 'print a line of JSON for each picture')
  .addOption(quietOption())
  .addHelpText(
    'after',
    `
Files that are no pictures are named and skipped; the exit code is then 1.

Examples:
  yy-predict runs/pets-yynet-16 cat.jpg dog.png
  yy-predict runs/pets-yynet-16 --top 1 --json *.jpg
  find pictures -name '*.jpg' | yy-predict runs/pets-yynet-16 -`,
  )
  .action(run);

async function run(path: string, images: string[], options: Options): Promise<void> {
  const checkpoint = await readCheckpoint(path);
  const { config, recipe } = checkpoint;
  const format = { size: config.inputSize, channels: channelsOf(config) };
  const files = await listImages(images);
  await loadSharp();
  const batchSize = Math.min(options.batchSize ?? recipe.batchSize, files.length);
  const classifier = await Classifier.create(await openDevice(options), checkpoint, batchSize);
  for (let i = 0; i < files.length; i += batchSize) {
    const pictures = await decodeAll(files.slice(i, i + batchSize), format);
    const pixels = Buffer.concat(pictures.map((picture) => picture.pixels));
    const logits = await classifier.logits(pixels, pictures.length);
    for (const [at, { file }] of pictures.entries()) {
      const row = logits.subarray(at * config.classes, (at + 1) * config.classes);
      print(file, likeliest(row, checkpoint.classNames).slice(0, options.top), options);
    }
  }
}

/** The paths given, those on stdin in the place of '-'. */
async function listImages(images: readonly string[]): Promise<string[]> {
  const at = images.indexOf('-');
  if (at < 0) return [...images];
  const listed: string[] = [];
  for await (const line of createInterface(process.stdin)) if (line.trim()) listed.push(line.trim());
  const files = [...images.slice(0, at), ...listed, ...images.slice(at + 1)];
  if (files.length === 0) throw new UserError('Stdin lists no pictures; expected their paths, one a line.');
  return files;
}

/** Those of the files that are pictures; the others are named on stderr. */
async function decodeAll(files: readonly string[], format: { size: number; channels: 1 | 3 }) {
  const outcomes = await Promise.allSettled(files.map((file) => decodePicture(file, format)));
  const decoded: { file: string; pixels: Uint8Array }[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    const file = files[i];
    if (outcome.status === 'fulfilled') {
      decoded.push({ file, pixels: outcome.value });
    } else {
      const isFolder = (await stat(file).catch(() => undefined))?.isDirectory();
      const reason = isFolder ? 'it is a folder' : await reasonAlone(file, format, outcome.reason.message);
      console.error(`yy-predict: ${file} is no picture that can be read, and is skipped: ${reason}`);
      process.exitCode = 1;
    }
  }
  return decoded;
}

function print(image: string, predictions: readonly Guess[], { json }: Options): void {
  if (json) {
    console.log(JSON.stringify({ image, predictions }));
    return;
  }
  const list = predictions.map((guess) => `${guess.class} ${percent(guess.probability)}`);
  console.log(`${image}: ${list.join(', ')}`);
}

await main(command);
