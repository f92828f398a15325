import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { decodeSafetensors } from '../../src/data/safetensors.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { logitsOf, randomImages } from '../interop/net.ts';
import { small, writeRun } from '../support/checkpoint.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';
import { relativeError } from '../support/op.ts';

env.wasm.numThreads = 1; // more would need workers

test('an ONNX file beside the checkpoint gives our logits', async () => {
  const run = await writeRun();
  const { code, stdout } = await runCli('export', [run, '--format', 'onnx']);
  const file = join(run, 'last.onnx');
  expect([code, stdout]).toEqual([0, `${file}\n`]);
  const images = randomImages(small.config, 2);
  const session = await InferenceSession.create(await readFile(file));
  const { logits } = await session.run({ images: new Tensor('float32', images.data, images.shape) });
  const want = await logitsOf(await testDevice(), small.config, small.state, images);
  expect(relativeError(logits.data as Float32Array, want)).toBeLessThan(1e-4);
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
      position: { epoch: 1, batch: 2, step: 2, order: [1, 2, 3, 4], best: 0 },
      weights: vector(1),
      optimizer: { steps: 2, moments: [vector(2), vector(3), vector(4)], guard: Float32Array.of(1, 2, 0) },
      totals: Float32Array.of(1, 1),
    },
  });
  const { code, stdout } = await runCli('export', [run, '--format', 'safetensors', '--out', out, '--quiet']);
  expect([code, stdout]).toEqual([0, '']);
  const bytes = await readFile(out);
  expect([...decodeSafetensors(bytes).tensors.keys()].sort()).toEqual(Object.keys(small.state).sort());
  expect(decodeCheckpoint(bytes)).toEqual(small);
});

test('what cannot be written is one clear sentence, and nothing is overwritten', async () => {
  const run = await writeRun();
  const file = join(run, 'last.safetensors');
  const before = await readFile(file);
  for (const [args, message] of [
    [[run, '--format', 'safetensors', '--out', file], /last\.safetensors is there already; give --out another name/],
    [[run, '--format', 'onnx', '--out', join(run, 'config.json')], /config\.json is there already/],
    [[run, '--format', 'onnx', '--out', join(file, 'net.onnx')], /net\.onnx cannot be written/],
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
