// npm run interop:python: the Python program beside an exported ONNX file gives yy-predict's probabilities: to 1e-4 for a
// picture of the net's size, to 0.01 where Pillow scales it. Needs a Python with onnxruntime, numpy and pillow: python3, or the
// one that YYNET_PYTHON names.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { small } from '../support/checkpoint.ts';
import { runCli } from '../support/cli.ts';
import { differences, examplePictures } from './example_pictures.ts';

const python = process.env.YYNET_PYTHON ?? 'python3';
const runPython = (...args: string[]) => promisify(execFile)(python, args);
await runPython('-c', 'import onnxruntime, numpy, PIL').catch(() => {
  console.error(`${python} is no Python with onnxruntime, numpy and pillow: name one that is by YYNET_PYTHON.`);
  process.exit(2);
});
const folder = await mkdtemp(join(tmpdir(), 'yynet-'));
try {
  const net = join(folder, 'net.safetensors');
  await writeFile(net, encodeCheckpoint(small));
  await runCli('export', [net, '--format', 'onnx']);
  const files = await examplePictures(folder);
  const { stdout } = await runPython(join(folder, 'classify.py'), join(folder, 'net.onnx'), ...files);
  const predicted = await runCli('predict', [net, ...files, '--json', '--top', '1000']);
  const found = differences(stdout, predicted.stdout);
  for (const [i, file] of files.entries()) {
    const passed = found[i] < (file.endsWith('grey.png') ? 1e-4 : 0.01);
    console.log(`${passed ? 'pass' : 'FAIL'}  ${found[i].toExponential(2)}  ${basename(file)}`);
    if (!passed) process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true });
}
