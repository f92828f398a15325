import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { readSettings } from '../../src/cli/settings.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { temporaryFolder } from '../support/cli.ts';

afterEach(() => vi.restoreAllMocks());

async function written(content: string | Buffer, name = 'recipe.yaml'): Promise<string> {
  const file = join(await temporaryFolder(), name);
  await writeFile(file, content);
  return file;
}

/** Reads a recipe that is refused. Returns the message. */
async function refused(content: string | Buffer): Promise<string> {
  const error = await readSettings(await written(content)).catch((error) => error);
  expect(error).toBeInstanceOf(UserError);
  return error.message;
}

test.each([
  ['UTF-16', Buffer.from('\ufeffepochs: 1\r\nbatch_size: 16\r\n', 'utf16le')],
  ['UTF-8 with a mark', '\ufeffepochs: 1\nbatch_size: 16\n'],
  ['JSON', '{"epochs": 1, "batch_size": 16}'],
  ['YAML in braces', '{epochs: 1, batch_size: 16} # short'],
])('reads a recipe in %s', async (_, content) => {
  expect(await readSettings(await written(content))).toMatchObject({ epochs: 1, batchSize: 16 });
});

test('a long file is refused at once, but not the config of a run with many classes', async () => {
  const start = performance.now();
  expect(await refused('epochs: 1\n'.repeat(300_000))).toMatch(
    /is longer than the 100,000 bytes that a recipe may have/,
  );
  const class_names = Array.from({ length: 60_000 }, (_, label) => `person ${label}`);
  expect(await readSettings(await written(JSON.stringify({ epochs: 3, class_names })))).toMatchObject({ epochs: 3 });
  expect(performance.now() - start).toBeLessThan(5000);
});

test('a device without an end is refused', async () => {
  await expect(readSettings('/dev/zero')).rejects.toThrow(/\/dev\/zero is longer than/);
});

test('mistakes and warnings of YAML take one line', async () => {
  expect(await refused('epochs: [1, 2')).toMatch(/cannot be read: [^\n]+\.$/);
  expect(await refused('a: &a [x]\nb: &b [*a, *a]\nepochs: *c\n')).toMatch(/cannot be read: Unresolved alias[^\n]+\.$/);
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const file = await written('epochs: !thing 3\n');
  // The value is a text now, which is no number of epochs.
  await expect(readSettings(file)).rejects.toThrow(/'epochs' in/);
  expect(error.mock.calls).toEqual([[expect.stringMatching(/^.*recipe\.yaml: Unresolved tag: !thing[^\n]*\.$/)]]);
  expect(warning).not.toHaveBeenCalled();
});

test.each([
  ['input_size: 4096', /'input_size' in .* is wrong/],
  ['channels: 20000', /^The net of .* has [\d,]+ parameters, more than 268,435,456\.$/],
  ['hidden: 65536\nclasses: 65536', /^The net of .* has [\d,]+ parameters/],
])('%s is refused before anything is made', async (content, message) => {
  expect(await refused(content)).toMatch(message);
});
