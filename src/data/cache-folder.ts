import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../runtime/errors.ts';

/**
 * Makes a folder in one move: `fill` writes into a temporary one beside it, so that nobody ever sees half of it,
 * processes side by side included.
 * @throws {UserError} if it cannot be written
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
    // Another process was faster.
    if (existsSync(folder)) return;
    const { code, message } = error as NodeJS.ErrnoException;
    throw code ? new UserError(`${folder} cannot be written: ${message}.`) : error;
  }
}
