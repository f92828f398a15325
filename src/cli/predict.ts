#!/usr/bin/env node
import { Option } from 'commander';
import { decodeFailure, decodePicture, loadSharp } from '../data/decode-file.ts';
import { Classifier } from '../inference/classifier.ts';
import { isUnlike, type Prediction } from '../inference/prediction.ts';
import { percent } from '../report/format.ts';
import { printableName } from '../runtime/printable.ts';
import { readCheckpoint } from './checkpoint_file.ts';
import { adapterOption, batchSizeOption, CHECKPOINT, createCommand, integer, main, quietOption } from './command.ts';
import { openDevice } from './device.ts';
import { packagedNet } from './known_nets.ts';
import { listPictures } from './picture_arguments.ts';
import { channelsOf } from './pictures.ts';

interface Options {
  readonly top: number;
  readonly batchSize?: number;
  readonly adapter: string;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly quiet?: boolean;
}

const command = createCommand('yy-predict', 'Classifies pictures with a trained net.')
  .argument('<checkpoint>', `${CHECKPOINT}; or cifar10-yynet-16, which knows the classes of CIFAR-10`)
  .argument('<images...>', 'picture files, folders or wildcards; - reads paths from stdin, one per line')
  .option('--top <n>', 'print the n most probable classes', integer(1), 3)
  .addOption(batchSizeOption())
  .addOption(adapterOption())
  .addOption(new Option('--json', 'print one line of JSON per picture').conflicts('csv'))
  .option('--csv', 'print a table for spreadsheets: the path of each picture, its classes and their probabilities')
  .addOption(quietOption())
  .addHelpText(
    'after',
    `
Files that cannot be read as pictures are skipped with a message on stderr; the exit code is then 1.
Pictures that are farther from those of training than 95 % of the validation pictures are marked as unlike them (distance
above 1 in JSON and CSV): the classes say little then.

Examples:
  yy-predict cifar10-yynet-16 cat.jpg
  yy-predict runs/pets-yynet-16 cat.jpg dog.png
  yy-predict runs/pets-yynet-16 --top 1 --json *.jpg
  yy-predict runs/pets-yynet-16 --csv --top 1 pictures > classes.csv
  find pictures -name '*.jpg' -print0 | yy-predict runs/pets-yynet-16 -`,
  )
  .action(run);

async function run(path: string, paths: string[], options: Options): Promise<void> {
  const checkpoint = await readCheckpoint(packagedNet(path) ?? path);
  const { config, recipe } = checkpoint;
  const format = { size: config.inputSize, channels: channelsOf(config) };
  const files = await listPictures(paths);
  await loadSharp();
  const batchSize = Math.min(options.batchSize ?? recipe.batchSize, files.length);
  const classifier = await Classifier.create(await openDevice(options), checkpoint, batchSize);
  const tells = checkpoint.calibration?.space !== undefined;
  if (options.csv) console.log(csvHead(Math.min(options.top, config.classes), tells));
  for (let i = 0; i < files.length; i += batchSize) {
    const pictures = await decodeAll(files.slice(i, i + batchSize), format);
    const pixels = Buffer.concat(pictures.map((picture) => picture.pixels));
    const predictions = await classifier.predict(pixels, pictures.length);
    for (const [row, { file }] of pictures.entries()) print(file, predictions[row], options);
  }
}

/** Decodes the files that are pictures; prints a message on stderr for each of the others. */
async function decodeAll(files: readonly string[], format: { size: number; channels: 1 | 3 }) {
  const outcomes = await Promise.allSettled(files.map((file) => decodePicture(file, format)));
  const decoded: { file: string; pixels: Uint8Array }[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    const file = files[i];
    if (outcome.status === 'fulfilled') {
      decoded.push({ file, pixels: outcome.value });
    } else {
      const { message } = await decodeFailure(file, format, outcome.reason);
      console.error(`yy-predict: ${printableName(file)} cannot be read as a picture and is skipped: ${message}`);
      process.exitCode = 1;
    }
  }
  return decoded;
}

function print(image: string, prediction: Prediction, { top, json, csv }: Options): void {
  const { distance } = prediction;
  const predictions = prediction.classes.slice(0, top);
  const unlike = isUnlike(prediction);
  if (json) {
    console.log(JSON.stringify({ image, predictions, ...(distance !== undefined && { unlike, distance }) }));
  } else if (csv) {
    const cells = predictions.flatMap((found) => [found.class, String(found.probability)]);
    console.log(csvRow([image, ...cells, ...(distance !== undefined ? [String(unlike), String(distance)] : [])]));
  } else {
    const classes = predictions.map((found) => `${printableName(found.class)} ${percent(found.probability)}`);
    console.log(`${printableName(image)}: ${classes.join(', ')}${unlike ? ' (unlike the training pictures)' : ''}`);
  }
}

/** The head of the table: 'image,class 1,probability 1,class 2,probability 2', and 'unlike,distance' where a net tells. */
function csvHead(top: number, tells: boolean): string {
  const classes = Array.from({ length: top }, (_, i) => [`class ${i + 1}`, `probability ${i + 1}`]);
  return csvRow(['image', ...classes.flat(), ...(tells ? ['unlike', 'distance'] : [])]);
}

/** Joins the cells of a row; those with commas, quotes or line breaks are quoted. */
const csvRow = (cells: readonly string[]) =>
  cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');

await main(command);
