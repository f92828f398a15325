import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Before all tests: makes the folder that holds what they write. After all of them it goes. */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'yynet-tests-'));
  process.env.YYNET_TESTS = folder;
  return () => rm(folder, { recursive: true, force: true });
}
