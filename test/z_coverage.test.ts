import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testDevice } from './support/device.ts';

// Runs after all other files (see vitest.config.ts), on the device that they shared.
test('every kernel entry point is reached by a test', async () => {
  const { pipelines } = await testDevice();
  const kernels: string[] = [];
  for (const name of await readdir('kernels', { recursive: true })) {
    const path = join('kernels', name).replaceAll('\\', '/');
    if (path.endsWith('.wgsl') && (await readFile(path, 'utf8')).includes('@compute')) kernels.push(path);
  }
  expect(kernels.filter((path) => !pipelines.paths.has(path))).toEqual([]);
});
