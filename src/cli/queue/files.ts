import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunState } from './state.ts';

/** What a worker's checkpoint consists of; metrics are missing before the first epoch ends. */
const CHECKPOINT = ['metrics.jsonl', 'last.safetensors', 'best.safetensors'] as const;

/** Reads the checkpoint and metrics of a run's folder. */
export async function readCheckpointFiles(path: string): Promise<RunState['files']> {
  const found = await Promise.all(
    CHECKPOINT.map(async (name) => [name, await readFile(join(path, name)).catch(ignoreMissing)] as const),
  );
  return Object.fromEntries(found.filter(([, content]) => content));
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Writes files into a run's folder, and makes it. */
export async function writeFiles(path: string, files: RunState['files']): Promise<void> {
  await mkdir(path, { recursive: true });
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(path, name), content)));
}
