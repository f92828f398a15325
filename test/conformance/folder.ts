import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../src/runtime/errors.ts';
import { type Case, loadCases } from './fixture.ts';

/** Reads the cases of a folder of reference cases. */
export const readCases = (folder: string): Promise<Case[]> =>
  loadCases(async (file) => {
    const path = join(folder, file);
    return readFile(path).catch((error: Error) => {
      throw new UserError(`${path} cannot be read: ${error.message}.`);
    });
  });
