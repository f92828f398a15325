import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

/**
 * Before all tests: makes the folder that holds what they write, and the one where scripts/run.mjs keeps the programs it has
 * bundled for them. After all of them both go.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'yynet-tests-'));
  // Inside node_modules, so that Node resolves the programs' packages.
  const bundles = await mkdtemp(resolve('node_modules', '.run-'));
  process.env.YYNET_TESTS = folder;
  process.env.YYNET_BUNDLES = bundles;
  const remove = (path: string) => rm(path, { recursive: true, force: true });
  // In watch mode sources change between runs.
  project.onTestsRerun(async () => {
    await remove(bundles);
    await mkdir(bundles);
  });
  return async () => {
    await remove(folder);
    await remove(bundles);
  };
}
