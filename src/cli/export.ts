#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Option } from 'commander';
import { exportOnnx } from '../interop/onnx/export.ts';
import { metadataOf } from '../interop/onnx/metadata.ts';
import { writeAtomically } from '../runtime/atomic.ts';
import { UserError } from '../runtime/errors.ts';
import { type Checkpoint, encodeCheckpoint } from '../train/checkpoint.ts';
import { checkpointFile, readCheckpoint, requireNew } from './checkpoint_file.ts';
import { CHECKPOINT, createCommand, integer, main, quietOption } from './command.ts';
import { onnxExamples } from './onnx_examples.ts';

/** What a program must know to use an ONNX file. */
const LABELS = 'labels.json';

const describe = ({ recipe, classNames, calibration }: Checkpoint) => ({ ...recipe, ...calibration, classNames });

/** By the name of the format: the end of the file's name, its content, and that of files beside it by their names. */
const FORMATS = {
  onnx: {
    ending: '.onnx',
    encode: (net: Checkpoint, batch?: number) =>
      exportOnnx(net.architecture.create(net.config), net.state, { ...describe(net), batch }),
    beside: (net: Checkpoint) => ({
      [LABELS]: `${JSON.stringify(metadataOf(describe(net), net.config.inputSize), null, 2)}\n`,
      ...onnxExamples,
    }),
  },
  safetensors: {
    ending: '-weights.safetensors',
    encode: ({ training, calibration, ...net }: Checkpoint) =>
      encodeCheckpoint({ ...net, calibration: calibration && { temperature: calibration.temperature } }),
    beside: () => ({}),
  },
} as const;

interface Options {
  readonly format: keyof typeof FORMATS;
  readonly out?: string;
  readonly batch?: number;
  readonly quiet?: boolean;
}

const command = createCommand('yy-export', 'Exports a trained net for other programs.')
  .argument('<checkpoint>', CHECKPOINT)
  .addOption(
    new Option('--format <name>', 'onnx for ONNX Runtime, safetensors for a PyTorch state dict')
      .choices(Object.keys(FORMATS))
      .makeOptionMandatory(),
  )
  .option('--out <file>', 'output file (default: beside the checkpoint, such as best.onnx)')
  .option('--batch <n>', 'for onnx: a fixed batch size (default: any)', integer(1))
  .addOption(quietOption())
  .addHelpText(
    'after',
    `
The input is [N,C,H,W], normalised as (pixel/255 − mean) / std. The files' metadata contain mean, std and the class names,
and the temperature T of probabilities = softmax(logits / T). Beside an ONNX file come the same as labels.json, and two programs that classify pictures one by one with them:
classify.mjs (onnxruntime-web) and classify.py (onnxruntime).

Examples:
  yy-export runs/pets-yynet-16 --format onnx
  yy-export runs/pets-yynet-16 --format onnx --batch 1 --out pets-1.onnx
  yy-export runs/pets-yynet-16 --format safetensors --out pets.safetensors`,
  )
  .action(run);

async function run(path: string, { format, out, batch, quiet }: Options): Promise<void> {
  if (batch !== undefined && format !== 'onnx') throw new UserError(`--batch is for --format onnx, got ${format}.`);
  const file = await checkpointFile(path);
  const checkpoint = await readCheckpoint(file);
  const { ending, encode, beside } = FORMATS[format];
  const target = out ?? file.replace(/(\.safetensors)?$/, ending);
  await requireNew(target);
  const content = encode(checkpoint, batch);
  const others = await missing(dirname(target), beside(checkpoint));
  await writeAtomically(target, content);
  for (const [path, text] of others) await writeAtomically(path, text);
  if (!quiet) console.log([target, ...others.keys()].join('\n'));
}

/**
 * Returns the files of a folder, by path, that are not there yet. Programs that are may have been edited, and stay.
 * @throws UserError if there is a labels.json of another net
 */
async function missing(folder: string, files: Readonly<Record<string, string>>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    const existing = await readFile(path, 'utf8').catch(() => undefined);
    if (existing === undefined) found.set(path, text);
    else if (name === LABELS && existing !== text) {
      throw new UserError(`${path} is of another net; use another folder with --out.`);
    }
  }
  return found;
}

await main(command);
