import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { onnxExamples } from '../../src/cli/onnx_examples.ts';
import { decodeSafetensors } from '../../src/data/safetensors.ts';
import { type Checkpoint, decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { greyNormalisation } from '../../src/train/recipe.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import type { YYNetConfig } from '../../src/yinyang/config.ts';
import { differences, examplePictures } from '../interop/example_pictures.ts';
import { learntState, logitsOf, randomImages } from '../interop/net.ts';
import { onnxLogits } from '../interop/onnx_file.ts';
import { small, writeRun } from '../support/checkpoint.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';
import { relativeError } from '../support/op.ts';

test('an ONNX file beside the checkpoint gives our logits', async () => {
  const run = await writeRun();
  const { code, stdout } = await runCli('export', [run, '--format', 'onnx']);
  const file = join(run, 'last.onnx');
  const written = ['last.onnx', 'labels.json', 'classify.mjs', 'classify.py'].map((name) => `${join(run, name)}\n`);
  expect([code, stdout]).toEqual([0, written.join('')]);
  const images = randomImages(small.config, 2);
  const logits = await onnxLogits(await readFile(file), images);
  const want = await logitsOf(await testDevice(), small.config, small.state, images);
  expect(relativeError(logits.data as Float32Array, want)).toBeLessThan(1e-4);
});

const grey: Checkpoint<YYNetConfig> = (() => {
  const config = { ...small.config, inputChannels: 1 };
  return { ...small, config, recipe: { ...small.recipe, ...greyNormalisation }, state: learntState(config) };
})();

test.each([
  ['RGB', { ...small, calibration: { temperature: 2 } }],
  ['grey', grey],
])("classify.mjs gives yy-predict's probabilities, for a net of %s pictures", async (_, checkpoint) => {
  const run = await writeRun(checkpoint);
  expect((await runCli('export', [run, '--format', 'onnx'])).code).toBe(0);
  await symlink(resolve('node_modules'), join(run, 'node_modules'));
  const files = await examplePictures(run);
  const program = join(run, 'classify.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, join(run, 'last.onnx'), ...files]);
  const predicted = await runCli('predict', [run, ...files, '--json', '--top', '10']);
  const found = differences(stdout, predicted.stdout);
  expect(found).toHaveLength(files.length);
  expect(Math.max(...found)).toBeLessThan(1e-4);
});

test('the programs beside an ONNX file have about 15 lines', () => {
  const lines = Object.values(onnxExamples).map(
    (text) => text.split('\n').filter((line) => /\w/.test(line)).length - 1,
  );
  expect(Math.max(...lines)).toBeLessThanOrEqual(16);
});

test('programs that are there stay, and labels of another net are not overwritten', async () => {
  const run = await writeRun();
  const program = join(run, 'classify.mjs');
  await writeFile(program, 'mine');
  expect((await runCli('export', [run, '--format', 'onnx'])).code).toBe(0);
  expect(await readFile(program, 'utf8')).toBe('mine');
  const labels = join(run, 'labels.json');
  await writeFile(labels, '{}');
  const { code, stderr } = await runCli('export', [run, '--format', 'onnx', '--out', join(run, 'other.onnx')]);
  expect([code, stderr]).toEqual([2, `yy-export: ${labels} is of another net; use another folder with --out.\n`]);
  await expect(readFile(join(run, 'other.onnx'))).rejects.toThrow(/ENOENT/);
});

test('--batch fixes the batch size of an ONNX file', async () => {
  const run = await writeRun();
  const out = join(await temporaryFolder(), 'net.onnx');
  expect((await runCli('export', [run, '--format', 'onnx', '--batch', '2', '--out', out])).code).toBe(0);
  const file = await readFile(out);
  expect((await onnxLogits(file, randomImages(small.config, 2))).dims).toEqual([2, small.config.classes]);
  await expect(onnxLogits(file, randomImages(small.config, 1))).rejects.toThrow(/invalid dimensions/);
});

test('a safetensors file holds the state dict alone, and is a checkpoint still', async () => {
  const out = join(await temporaryFolder(), 'net.safetensors');
  const vector = (value: number) =>
    Object.fromEntries(
      Object.entries(small.state)
        .filter(([name]) => !name.includes('running_'))
        .map(([name, { shape, data }]) => [name, { shape, data: data.map(() => value) }]),
    );
  const run = await writeRun({
    ...small,
    training: {
      position: { epoch: 1, batch: 2, step: 2, order: [1, 2, 3, 4], best: 0, bestEpoch: 0 },
      weights: vector(1),
      optimizer: { steps: 2, moments: [vector(2), vector(3), vector(4)], guard: Float32Array.of(1, 2, 0) },
      totals: Float32Array.of(1, 1),
    },
  });
  const { code, stdout } = await runCli('export', [run, '--format', 'safetensors', '--out', out, '--quiet']);
  expect([code, stdout]).toEqual([0, '']);
  const bytes = await readFile(out);
  expect([...decodeSafetensors(bytes).tensors.keys()].sort()).toEqual(Object.keys(small.state).sort());
  expect(decodeCheckpoint(bytes, [yynet])).toEqual(small);
});

test('what cannot be written is one clear sentence, and nothing is overwritten', async () => {
  const run = await writeRun();
  const file = join(run, 'last.safetensors');
  const before = await readFile(file);
  for (const [args, message] of [
    [[run, '--format', 'safetensors', '--out', file], /last\.safetensors already exists; use another name with --out/],
    [[run, '--format', 'onnx', '--out', join(run, 'config.json')], /config\.json already exists/],
    [[run, '--format', 'onnx', '--out', join(file, 'net.onnx')], /net\.onnx cannot be written/],
    [[run, '--format', 'onnx', '--batch', '0'], /--batch.*integer of at least 1, got '0'/],
    [[run, '--format', 'safetensors', '--batch', '1'], /--batch is for --format onnx, got safetensors/],
    [[run], /required option '--format <name>'/],
    [[run, '--format', 'tflite'], /--format.*Allowed choices are onnx, safetensors/],
    [[join(run, 'config.json'), '--format', 'onnx'], /config\.json: .*safetensors/],
  ] as const) {
    const { code, stderr } = await runCli('export', args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
  }
  expect(await readFile(file)).toEqual(before);
});
