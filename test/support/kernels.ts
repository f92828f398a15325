import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** The paths of all kernels that launch code imports, sorted. */
export async function allKernels(): Promise<string[]> {
  const kernels = new Set<string>();
  for (const name of await readdir('kernels', { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const file = join('kernels', name);
    for (const [, imported] of (await readFile(file, 'utf8')).matchAll(/from '(\.[^']+\.wgsl)'/g)) {
      kernels.add(normalize(join(dirname(file), imported)).replaceAll('\\', '/'));
    }
  }
  return [...kernels].sort();
}
