import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from './errors.ts';

/**
 * Replaces a file by a rename: after a full disk or a killed process it is either the old or the new one, never half
 * written, even if two processes write it at once. Makes its folder if there is none.
 * @throws UserError if it cannot be written; the old file stays
 */
export async function writeAtomically(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new UserError(`${file} cannot be written: ${(error as Error).message}.`);
  }
}
