import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import type { NamedBytes } from './named_bytes.ts';

/**
 * The names in a folder of the user's, sorted.
 * @param expected what should be there: 'the folder of …'
 * @throws {UserError} if it cannot be listed
 */
export async function listFolder(folder: string, expected: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'does not exist' : code === 'ENOTDIR' ? 'is not a folder' : 'cannot be read';
    throw new UserError(`${folder} ${problem}; expected ${expected}.`);
  }
}

/** @throws {UserError} if the file cannot be read */
export async function readInput(folder: string, file: string): Promise<NamedBytes> {
  const name = join(folder, file);
  try {
    return { name, bytes: await readFile(name) };
  } catch (error) {
    throw new UserError(`${name} cannot be read: ${(error as Error).message}.`);
  }
}
