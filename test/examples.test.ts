import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from './support/cli.ts';

/** Runs a TypeScript program on the sources in src/. Returns its output. */
async function run(file: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('node', ['scripts/run.mjs', file, ...args]);
  return stdout;
}

test('own-net: a net of one’s own trains, resumes, classifies and exports, in at most 40 lines', async () => {
  expect((await readFile('examples/own-net.ts', 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(40);
  const file = join(await temporaryFolder(), 'net.safetensors');
  const lines = (await run('examples/own-net.ts', file)).split('\n');
  const [accuracy, difference] = [lines[0], lines[1]].map((line) => Number(line.split(' ').at(-1)));
  expect(accuracy).toBeGreaterThan(0.2);
  expect(difference).toBeLessThan(1e-4);
});

test('own-op: the gradients of an op of one’s own agree with finite differences', async () => {
  expect(await run('examples/own-op.ts')).toMatch(/agree with finite differences, relative error \d/);
});

test('the first sample of the README trains a net in at most 20 lines', async () => {
  const [, sample] = /^```ts\n(.*?)^```/ms.exec(await readFile('README.md', 'utf8'))!;
  expect(sample.split('\n').filter((line) => line !== '').length).toBeLessThanOrEqual(20);
  const folder = await mkdtemp(resolve('examples', '.readme-'));
  try {
    await writeFile(join(folder, 'sample.ts'), sample);
    const losses = (await run(join(folder, 'sample.ts')))
      .trim()
      .split('\n')
      .map((line) => Number(line.split(' ')[1]));
    expect(losses.length).toBe(50);
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
