import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('every mutation of test/mutants still applies', async () => {
  const names = (await readdir('test/mutants')).filter((name) => name.endsWith('.patch'));
  expect(names.length).toBeGreaterThan(0);
  const apply = promisify(execFile);
  for (const name of names) await apply('git', ['apply', '--check', join('test/mutants', name)]);
});
