import { unzipSync } from 'fflate';
import { UserError } from '../../src/index.ts';
import type { FileEntry } from '../messages.ts';

/** An archive that unpacks to more than this would not fit into memory beside its pictures. */
const LARGEST = 2 ** 30;

export const isZip = ({ path }: FileEntry) => /\.zip$/i.test(path);

/**
 * The files in a zip archive.
 * @throws UserError where it is damaged or too large
 */
export async function unpack({ path, file }: FileEntry): Promise<FileEntry[]> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let total = 0;
  const small = ({ originalSize }: { originalSize: number }) => {
    total += originalSize;
    return total <= LARGEST;
  };
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, { filter: small });
  } catch (error) {
    throw new UserError(`${path} is not a zip archive that can be read: ${(error as Error).message}.`);
  }
  if (total > LARGEST) throw new UserError(`${path} holds more than 1 GB; unpack it and choose the folder instead.`);
  return Object.entries(files)
    .filter(([name]) => !name.endsWith('/'))
    .map(([name, content]) => ({ path: name, file: new Blob([content as Uint8Array<ArrayBuffer>]) }));
}
