#!/usr/bin/env node
import { Option } from 'commander';
import { exportOnnx } from '../interop/onnx.ts';
import { writeAtomically } from '../runtime/atomic.ts';
import { type Checkpoint, encodeCheckpoint } from '../train/checkpoint.ts';
import { checkpointFile, readCheckpoint, requireNew } from './checkpoint_file.ts';
import { CHECKPOINT, createCommand, main, quietOption } from './command.ts';

/** By the name of the format: how a file ends, and what is in it. */
const FORMATS = {
  onnx: {
    ending: '.onnx',
    encode: ({ config, state, recipe, classNames }: Checkpoint) => exportOnnx(config, state, { ...recipe, classNames }),
  },
  safetensors: {
    ending: '-weights.safetensors',
    encode: ({ training, ...net }: Checkpoint) => encodeCheckpoint(net),
  },
} as const;

interface Options {
  readonly format: keyof typeof FORMATS;
  readonly out?: string;
  readonly quiet?: boolean;
}

const command = createCommand('yy-export', 'Writes a trained net for other programs.')
  .argument('<checkpoint>', CHECKPOINT)
  .addOption(
    new Option('--format <name>', 'onnx, for ONNX Runtime; safetensors, a state dict that PyTorch loads')
      .choices(Object.keys(FORMATS))
      .makeOptionMandatory(),
  )
  .option('--out <file>', 'the file to make (default: beside the checkpoint, such as best.onnx)')
  .addOption(quietOption())
  .addHelpText(
    'after',
    `
Both take pictures [N,C,H,W] as (pixel/255 − mean) / std; the files' metadata tell mean, std and the classes.

Examples:
  yy-export runs/pets-yynet-16 --format onnx
  yy-export runs/pets-yynet-16 --format safetensors --out pets.safetensors`,
  )
  .action(run);

async function run(path: string, { format, out, quiet }: Options): Promise<void> {
  const file = await checkpointFile(path);
  const checkpoint = await readCheckpoint(file);
  const { ending, encode } = FORMATS[format];
  const target = out ?? file.replace(/(\.safetensors)?$/, ending);
  await requireNew(target);
  await writeAtomically(target, encode(checkpoint));
  if (!quiet) console.log(target);
}

await main(command);
