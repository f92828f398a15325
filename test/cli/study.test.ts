import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fusionFormulas } from '../../src/autograd/ops/fuse.ts';
import { snakeCase } from '../../src/cli/settings.ts';
import { shapesRecipe } from '../../src/train/recipe.ts';
import { presets } from '../../src/yinyang/config.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

const RECIPE = `
data: shapes
channels: 4
body_channels: 4
hidden: 8
epochs: 1
batch_size: 8
limit_train: 8
limit_val: 16
`;

test('a study trains each formula, reports the results beside the paper, and resumes', async () => {
  const folder = await temporaryFolder();
  const recipe = join(folder, 'recipe.yaml');
  const out = join(folder, 'study');
  await writeFile(recipe, RECIPE);
  const args = ['fusion', '--config', recipe, '--seeds', '1', '--out', out, '--quiet'];
  expect(await runCli('study', args)).toMatchObject({ code: 0, stdout: '' });
  const report = await readFile(join(out, 'report.md'), 'utf8');
  expect(report).toContain('6 of 6 runs done');
  const rows = report.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows).toHaveLength(6);
  for (const row of rows)
    expect(row).toMatch(/^\| `[ai*+()1-]+` \| 1 \| \d+\.\d\d \| {2}\| 8[78]\.\d\d \| 0\.\d\d \|$/);
  expect(await readFile(join(out, 'report.svg'), 'utf8')).toMatch(/^<svg.*a\*\(1-i\)\+a-i.*<\/svg>/s);
  const runs = (await readdir(out)).filter((name) => name.endsWith('-seed0'));
  expect(runs).toHaveLength(6);

  // What is done stays as it is; what is missing is made again, to the same bits.
  const [lost, kept] = runs.map((name) => join(out, name, 'last.safetensors'));
  const before = { lost: await readFile(lost), kept: (await stat(kept)).mtimeMs };
  await rm(join(lost, '..'), { recursive: true });
  expect((await runCli('study', [...args, '--report'])).code).toBe(0);
  expect(await readFile(join(out, 'report.md'), 'utf8')).toContain('5 of 6 runs done');
  const index = fusionFormulas.findIndex((formula) => runs[0].startsWith(`${formula}-seed`));
  expect((await runCli('study', [...args, '--run', String(index)])).code).toBe(0);
  expect((await readFile(lost)).equals(before.lost)).toBe(true);
  expect((await stat(kept)).mtimeMs).toBe(before.kept);
  expect((await runCli('study', args)).code).toBe(0);
  expect(await readFile(join(out, 'report.md'), 'utf8')).toBe(report);

  const other = await runCli('study', [...args, '--epochs', '2']);
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(/was started with --epochs 1; use the same setting, or another folder with --out/);
});

test('the report on sizes compares them with other small nets, with their epochs', async () => {
  const out = await temporaryFolder();
  expect((await runCli('study', ['sizes', '--data', 'shapes', '--out', out, '--report'])).code).toBe(0);
  const report = await readFile(join(out, 'report.md'), 'utf8');
  expect(report).toContain(
    '| cifar10-tiniest | 97,530 | 94.4 | 200 | github.com/xvel/cifar10-tiniest, mean of 5 runs |',
  );
  const plane = await readFile(join(out, 'sizes.svg'), 'utf8');
  for (const label of ['yynet-32, 40', 'ResNet-20, 200', 'these runs']) expect(plane).toContain(label);
});

test('a study that was scaled down is not taken for the whole one', async () => {
  const out = await temporaryFolder();
  const run = join(out, 'yynet-64-seed0');
  const begun = { data: 'shapes', model: 'yynet-64', seed: 0, ...presets['yynet-64'], ...shapesRecipe };
  for (const [limits, message] of [
    [{ limitTrain: 16 }, /seed0 was started with --limit-train 16; use the same setting, or another folder with --out/],
    [{ epochs: 1 }, /seed0 was started with --epochs 1; /],
    [{ maxSteps: 3 }, /seed0 was started with maxSteps 3; /],
  ] as const) {
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'config.json'), JSON.stringify(snakeCase({ ...begun, ...limits })));
    const { code, stderr } = await runCli('study', ['sizes', '--data', 'shapes', '--out', out]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  }
});

test.each<[string, string[], RegExp]>([
  ['an unknown table', ['tableIX'], /tableIX.*fusion, sizes/s],
  ['no table', [], /table/],
  ['a run that the study has not', ['sizes', '--run', '3'], /--run 3: the study has 3 runs, expected 0 to 2\./],
  ['one run and the report at once', ['sizes', '--run', '0', '--report'], /--run.*--report/],
])('%s is one clear sentence', async (_, args, message) => {
  const { code, stderr } = await runCli('study', args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});
