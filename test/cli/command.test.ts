import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../support/cli.ts';

const commands: [string, string[]][] = [
  ['doctor', ['--jsn']],
  ['eval', ['--limit-vla', '3']],
  ['export', ['--format', 'onnx', '--quite']],
  ['import', ['--mena', '1']],
  ['predict', ['--tpo', '3']],
  ['train', ['--epoch', '3']],
];

test.each(commands)('yy-%s: --help has examples, and an unknown flag the nearest one', async (name, mistake) => {
  const help = await runCli(name, ['--help']);
  expect(help.code).toBe(0);
  expect(help.stdout).toMatch(new RegExp(`^Usage: yy-${name} .*Examples:\n  yy-${name}`, 's'));
  const wrong = await runCli(name, mistake);
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr).toMatch(/^error: unknown option '--[\w-]+'\n\(Did you mean --[\w-]+\?\)/);
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(await runCli('train', ['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

// Only Linux has a device that is always full.
test.skipIf(!existsSync('/dev/full'))('where nothing can be printed, says so once, and trains to the end', async () => {
  const out = join(await temporaryFolder(), 'run');
  const args = ['src/cli/train.ts', '--limit-train', '16', '--limit-val', '16', '--epochs', '2', '--out', out];
  const full = await open('/dev/full', 'w');
  const child = spawn(process.execPath, ['scripts/run.mjs', ...args], { stdio: ['ignore', full.fd, 'pipe'] });
  const [said, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')]);
  await full.close();
  expect([code, said.match(/^yy-train: .*/gm)]).toEqual([
    1,
    [expect.stringMatching(/the output cannot be written: ENOSPC/)],
  ]);
  expect((await readFile(join(out, 'metrics.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(2);
});

test.each([
  ['train', ['--resume', '']],
  ['train', ['--config=']],
  ['study', ['sizes', '--adapter', '']],
  ['export', ['runs/x', '--format', 'onnx', '--out', '']],
])('yy-%s: an empty flag is not one that was left out', async (name, args) => {
  const { code, stderr } = await runCli(name, args);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^yy-\w+: --\w+ must not be empty, expected --\w+ <.+>\.\n$/),
  ]);
});
