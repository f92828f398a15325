import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeSafetensors } from '../../src/data/safetensors.ts';
import { shapes } from '../../src/data/shapes.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

/** A short run: 3 steps of 8 images, one of them on a smaller last batch. */
const SHORT = ['--batch-size', '8', '--limit-train', '20', '--limit-val', '12', '--epochs', '1'];

/** Writes images of the built-in data set in CIFAR-10's binary format. */
async function cifarFolder({ label, cut = 0 }: { label?: number; cut?: number } = {}): Promise<string> {
  const folder = await temporaryFolder();
  const { train } = shapes();
  const records = new Uint8Array(24 * 3073);
  for (let i = 0; i < 24; i++) {
    records[i * 3073] = label ?? train.labels[i];
    records.set(train.images.subarray(i * 3072, (i + 1) * 3072), i * 3073 + 1);
  }
  await writeFile(join(folder, 'data_batch_1.bin'), records.subarray(0, records.length - cut));
  await writeFile(join(folder, 'test_batch.bin'), records);
  return folder;
}

test('trains on shapes and writes the run', async () => {
  const out = join(await temporaryFolder(), 'run');
  const { code, stdout, stderr } = await runCli('train', [...SHORT, '--json', '--out', out]);
  expect(stderr).not.toMatch(/error/i);
  expect(stderr).toMatch(/^10 classes: red disc, .* and 5 more$/m);
  expect(code).toBe(0);
  const lines = (await readFile(join(out, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  expect(stdout.trim().split('\n')).toEqual(lines);
  expect(lines).toHaveLength(1);
  const metrics = JSON.parse(lines[0]);
  expect(metrics).toMatchObject({ epoch: 1, step: 3 });
  expect(metrics.weight_decay).toBeCloseTo(0.0156, 12);
  for (const key of ['train_loss', 'val_loss', 'val_accuracy', 'learning_rate', 'images_per_second']) {
    expect(metrics[key], key).toBeTypeOf('number');
  }
  const config = JSON.parse(await readFile(join(out, 'config.json'), 'utf8'));
  expect(config).toMatchObject({ data: 'shapes', model: 'yynet-16', parameters: 52_882, batch_size: 8, seed: 0 });
  expect(config.adapter).toBeTypeOf('string');
  const { tensors } = decodeSafetensors(await readFile(join(out, 'last.safetensors')));
  expect(tensors.get('yin.1.bn2.running_var')?.shape).toEqual([64]);
  const { calibration } = decodeCheckpoint(await readFile(join(out, 'best.safetensors')), [yynet]);
  expect(calibration?.temperature).toBeGreaterThan(1);
  expect(calibration?.space?.threshold).toBeGreaterThan(0);
});

test('trains on a CIFAR-10 folder, with every option of the net, and stops after --max-steps', async () => {
  const out = join(await temporaryFolder(), 'run');
  const net = ['--fusion', 'a*(1-i)+a-i', '--yin', 'first', '--activation', 'silu'];
  const folder = await cifarFolder();
  const { code, stdout } = await runCli('train', [
    ...['--data', folder, '--batch-size', '8', '--max-steps', '2', '--json', '--out', out, ...net],
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ epoch: 1, step: 2 });
});

test('the same seed gives the same bits, another seed others', async () => {
  const run = async (seed: string) => {
    const out = join(await temporaryFolder(), 'run');
    const { code } = await runCli('train', [...SHORT, '--json', '--out', out, '--seed', seed]);
    expect(code).toBe(0);
    return readFile(join(out, 'last.safetensors'), 'base64');
  };
  const [first, second, other] = [await run('3'), await run('3'), await run('4')];
  expect(second).toBe(first);
  expect(other).not.toBe(first);
});

test.each<[string, string[], RegExp]>([
  ['a missing folder', ['--data', 'no/such/folder'], /no\/such\/folder/],
  ['batch size 0', ['--batch-size', '0'], /--batch-size.*at least 1/s],
  ['a larger batch than checkpoints hold', ['--batch-size', '70000'], /--batch-size.*at most 65536, got '70000'/s],
  ['more epochs than checkpoints hold', ['--epochs', '1e9'], /--epochs.*at most 1000000, got '1e9'/s],
  ['a part that cannot be frozen', ['--freeze', 'tail'], /--freeze.*'body', 'head-only' or a number.*'tail'/s],
  ['an unknown model', ['--model', 'resnet'], /--model.*yynet-16/s],
  ['a learning rate that is no number', ['--lr', 'NaN'], /--lr.*above 0/s],
  ['an unknown option', ['--leraning-rate', '1'], /--leraning-rate/],
  ['an absent adapter', ['--adapter', 'Voodoo 2'], /Voodoo 2/],
])('%s is one clear sentence', async (_, args, message) => {
  const out = join(await temporaryFolder(), 'run');
  const { code, stderr, stdout } = await runCli('train', [...SHORT, ...args, '--out', out]);
  expect([1, 2]).toContain(code);
  expect(stderr).toMatch(message);
  expect(stderr + stdout).not.toMatch(/^\s+at .*:\d+/m);
});

test.each<[string, { label?: number; cut?: number }, RegExp]>([
  ['a truncated file', { cut: 100 }, /data_batch_1\.bin.*3073/],
  ['a label of 255', { label: 255 }, /data_batch_1\.bin.*255/],
])('%s is one clear sentence', async (_, damage, message) => {
  const { code, stderr } = await runCli('train', ['--data', await cifarFolder(damage)]);
  expect([1, 2]).toContain(code);
  expect(stderr).toMatch(message);
});

test('an --out that cannot be written, or holds a run, loses nothing', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'file');
  await writeFile(file, 'precious');
  const blocked = await runCli('train', [...SHORT, '--out', join(file, 'run')]);
  expect([1, 2]).toContain(blocked.code);
  expect(blocked.stderr).toMatch(/--out .*file/);
  expect(await readFile(file, 'utf8')).toBe('precious');

  for (const name of ['config.json', 'metrics.jsonl', 'last.safetensors', 'best.safetensors']) {
    const run = join(folder, name);
    await mkdir(run);
    await writeFile(join(run, name), 'precious');
    const taken = await runCli('train', [...SHORT, '--out', run]);
    expect(taken.code).toBe(2);
    expect(taken.stderr).toMatch(/already contains a run/);
    expect(await readdir(run)).toEqual([name]);
    expect(await readFile(join(run, name), 'utf8')).toBe('precious');
  }
});
