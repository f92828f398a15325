import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../support/cli.ts';

const SMALL = ['--batch-size', '2', '--limit-train', '2', '--limit-val', '2'];

test('--profile prints what each kernel takes and writes the trace, in place of training', async () => {
  const out = join(await temporaryFolder(), 'run');
  const { code, stdout } = await runCli('train', [...SMALL, '--profile', '1', '--out', out]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\| pointwise\/\S+ +\| +\d+ \|/m);
  expect(stdout).toContain(join(out, 'trace.json'));
  const { traceEvents } = JSON.parse(await readFile(join(out, 'trace.json'), 'utf8'));
  expect(traceEvents).toHaveLength(Number(/^\| total +\| +(\d+) \|/m.exec(stdout)![1]));
  expect((await readdir(out)).sort()).toEqual(['config.json', 'trace.json']);
});
