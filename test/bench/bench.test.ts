import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';

const node = (...args: string[]) => promisify(execFile)(process.execPath, args);

beforeAll(async () => {
  await node('scripts/build.mjs');
});

test('bench/mbconv.js has figures for every kernel and for the block', async () => {
  const { stdout } = await node('bench/mbconv.js', ...['--channels', '4', '--batch', '2', '--size', '8', '--json']);
  const { adapter, roofline, fused, unfused } = JSON.parse(stdout);
  expect(adapter).toBeTypeOf('string');
  expect(roofline.bytesPerSecond).toBeGreaterThan(0);
  expect(roofline.flopsPerSecond).toBeGreaterThan(0);
  for (const variant of [fused, unfused]) {
    for (const part of ['forward', 'backward', 'block']) {
      expect(variant[part].length).toBeGreaterThan(0);
      for (const { kernel, ms } of variant[part]) expect(ms, kernel).toBeGreaterThan(0);
    }
    const dispatches = variant.forward.length + variant.backward.length;
    expect(variant.block.map(({ calls }: { calls: number }) => calls)).toEqual([variant.forward.length, dispatches]);
  }
});

test('bench/mbconv.js --sweep marks the shapes whose share is far below their neighbours', async () => {
  // @ts-expect-error: a plain script.
  const { SIZES, CHANNELS, shareTable } = await import('../../bench/sweep.js');
  const shapes = CHANNELS.flatMap((channels: number) => SIZES.map((size: number) => ({ channels, size, share: 0.5 })));
  expect(shareTable(shapes)).not.toMatch(/%.*↓/);
  const odd = shapes.find(({ channels, size }: { channels: number; size: number }) => channels === 32 && size === 30)!;
  odd.share = 0.36;
  expect(shareTable(shapes)).not.toMatch(/%.*↓/);
  odd.share = 0.34;
  expect(shareTable(shapes).match(/\d+\.\d % ↓/g)).toEqual(['34.0 % ↓']);
});

test('bench/step.js prints every figure of a step on one line', async () => {
  const { stdout } = await node('bench/step.js', '--batch', '2', '--json');
  const { adapter, model, precision, ...numbers } = JSON.parse(stdout);
  expect({ model, precision }).toEqual({ model: 'yynet-16', precision: 'f32' });
  expect(numbers).toMatchObject({ batch: 2, submits_per_step: 1 });
  for (const name of ['train_ms', 'train_img_s', 'infer_ms', 'infer_img_s', 'dispatches_train', 'bytes_train']) {
    expect(numbers[name], name).toBeGreaterThan(0);
  }
  for (const name of ['flops_train', 'peak_bytes', 'compile_ms']) expect(numbers[name], name).toBeGreaterThan(0);
});

// A wide net's report is longer than a pipe.
test.each(['yynet-16', 'yynet-64'])(
  'on a GPU no kernel of a step of %s spills: bench/registers.js, or it says which compiler it needs',
  async (model) => {
    const args = ['--model', model, '--json'];
    const { code, stdout, stderr } = await node('bench/registers.js', ...args).catch((error) => error);
    if (code === 1) {
      expect(stderr).toMatch(/^registers: RADV.* is not in .*: install mesa-vulkan-drivers\.\n$/m);
      return;
    }
    const { kernels } = JSON.parse(stdout);
    expect(kernels.length).toBeGreaterThan(50);
    for (const { kernel, registers, spilled } of kernels) {
      expect(registers, kernel).toBeGreaterThan(0);
      expect(spilled, kernel).toBe(0);
    }
  },
);

test.each([
  [['--precision', 'double'], /'double'.*f32, mixed/],
  [['--batch', '0'], /'0'.*above 0/],
  [['--batch', '1000000'], /a tensor \[1000000,.*takes \d+ bytes, but this adapter binds/],
  [['--adapter', 'SwiftShader', '--precision', 'mixed'], /SwiftShader/],
  [['--adapter', 'Voodoo 2'], /Voodoo 2/],
])('%s is one clear sentence', async (args, message) => {
  for (const script of ['bench/mbconv.js', 'bench/step.js']) {
    const failure = await node(script, ...args).catch((error) => error);
    expect(failure.code).toBe(1);
    expect(failure.stderr).toMatch(message);
    expect(failure.stderr).not.toMatch(/^\s+at .*:\d+/m);
  }
});
