import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { testDevice } from './support/device.ts';

// Runs after all other files (see vitest.config.ts), on the device that they shared.
test('every kernel that launch code imports is reached by a test', async () => {
  const { pipelines } = await testDevice();
  const kernels = new Set<string>();
  for (const name of await readdir('kernels', { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const file = join('kernels', name);
    for (const [, imported] of (await readFile(file, 'utf8')).matchAll(/from '(\.[^']+\.wgsl)'/g)) {
      kernels.add(normalize(join(dirname(file), imported)).replaceAll('\\', '/'));
    }
  }
  expect(kernels.size).toBeGreaterThan(50);
  expect([...kernels].filter((path) => !pipelines.paths.has(path))).toEqual([]);
});
