import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { small, writeRun } from '../support/checkpoint.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

/** A name that would colour a terminal and set its title. */
const NAME = 'red\x1b[31m\x1b]0;title\x07\x9b';
const SHOWN = 'red\\u001b[31m\\u001b]0;title\\u0007\\u009b';

// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
const RAW = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

test('control characters in the names of classes and pictures are not printed raw', async () => {
  const run = await writeRun({ ...small, classNames: [NAME, ...small.classNames.slice(1)] });
  const folder = join(await temporaryFolder(), NAME);
  await mkdir(folder);
  const picture = join(folder, 'a.png');
  await sharp({ create: { width: 32, height: 32, channels: 3, background: 'red' } }).toFile(picture);
  for (const flags of [[], ['--json']]) {
    const { code, stdout } = await runCli('predict', [run, picture, '--top', '10', '--quiet', ...flags]);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(RAW);
    expect(stdout.split(SHOWN)).toHaveLength(3);
    if (flags.length > 0) expect(JSON.parse(stdout).image).toBe(picture);
  }
  const evaluated = await runCli('eval', [run, '--data', 'shapes', '--quiet']);
  expect(evaluated.stderr).toContain(`expected '${SHOWN}'`);
  expect(evaluated.stderr).not.toMatch(RAW);
});

test('an error does not echo what a long file holds', async () => {
  const recipe = join(await temporaryFolder(), 'recipe.yaml');
  await writeFile(recipe, `optimizer: ${'v'.repeat(50_000)}`);
  const { code, stderr } = await runCli('train', ['--config', recipe, '--quiet']);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^yy-train: 'optimizer' in [^\n]{1,500}\n$/)]);
});
