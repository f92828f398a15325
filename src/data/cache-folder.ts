import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../runtime/errors.ts';

/**
 * Makes a folder atomically: `fill` writes into a temporary folder beside it, which is then renamed. Safe for concurrent
 * processes: no process reads an incomplete folder.
 * @throws {UserError} if the folder cannot be written
 */
export async function makeFolder(folder: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  let temporary: string | undefined;
  try {
    await mkdir(dirname(folder), { recursive: true });
    temporary = await mkdtemp(`${folder}.`);
    await fill(temporary);
    await rename(temporary, folder);
  } catch (error) {
    if (temporary) await rm(temporary, { recursive: true, force: true });
    // A concurrent process has made the folder.
    if (existsSync(folder)) return;
    const { code, message } = error as NodeJS.ErrnoException;
    throw code ? new UserError(`${folder} cannot be written: ${message}.`) : error;
  }
}
