import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { RunFolder } from '../../src/cli/run_folder.ts';
import { temporaryFolder } from '../support/cli.ts';

test('of runs that begin in one folder at once, one has it', async () => {
  const path = join(await temporaryFolder(), 'run');
  const attempts = [1, 2, 3].map((seed) => RunFolder.create(path, { seed }));
  const outcomes = await Promise.allSettled(attempts);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
  expect(JSON.parse(await readFile(join(path, 'config.json'), 'utf8'))).toEqual({ seed: winner + 1 });
  await expect(RunFolder.create(path, {})).rejects.toThrow(/already contains a run/);
});

test('runs of one name that begin at once have folders of their own', async () => {
  const folder = await temporaryFolder();
  const name = relative('runs', join(folder, 'run'));
  const runs = await Promise.all([1, 2, 3].map((seed) => RunFolder.createNext(name, { seed })));
  expect(new Set(runs.map(({ path }) => path)).size).toBe(3);
  expect((await readdir(folder)).sort()).toEqual(['run', 'run-2', 'run-3']);
});

test('what could not begin leaves nothing but what was there', async () => {
  const path = join(await temporaryFolder(), 'run');
  await (await RunFolder.create(path, {})).discard();
  await expect(readdir(path)).rejects.toThrow(/ENOENT/);
  await mkdir(path);
  await writeFile(join(path, 'notes.txt'), 'precious');
  await (await RunFolder.create(path, {})).discard();
  expect(await readdir(path)).toEqual(['notes.txt']);
});
