import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import type { NamedBytes } from './named_bytes.ts';
import { kindOf } from './picture_kind.ts';
import { readHead } from './picture-file.ts';

/**
 * Returns the sorted names of a folder's entries.
 * @param expected completes the error message: 'the folder of …'
 * @throws {UserError} if the folder cannot be listed
 */
export async function listFolder(folder: string, expected: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' && (await isArchive(folder))) {
      throw new UserError(`${folder} is an archive; unpack it, and name its folder.`);
    }
    const problem = code === 'ENOENT' ? 'does not exist' : code === 'ENOTDIR' ? 'is not a folder' : 'cannot be read';
    throw new UserError(`${folder} ${problem}; expected ${expected}.`);
  }
}

const isArchive = async (path: string): Promise<boolean> => {
  const kind = await readHead(path).then(kindOf, () => undefined);
  return kind === 'zip' || kind === 'archive';
};

/** @throws {UserError} if the file cannot be read */
export async function readInput(folder: string, file: string): Promise<NamedBytes> {
  const name = join(folder, file);
  try {
    // A pipe would block, and a device may have no end.
    if (!(await stat(name)).isFile()) throw new Error('it is no regular file');
    return { name, bytes: await readFile(name) };
  } catch (error) {
    throw new UserError(`${name} cannot be read: ${(error as Error).message}.`);
  }
}
