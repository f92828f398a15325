import { PictureError } from '../../src/data/left_out.ts';
import type { SourceFile } from '../../src/data/source_file.ts';
import type { FileEntry } from '../messages.ts';

/** A file of the user, as it is or in a zip archive. */
export interface PageFile extends SourceFile {
  /**
   * Returns all its bytes; of a file that is too large to be read, some more than the limit.
   * @throws {PictureError} if it cannot be read
   */
  blob(): Promise<Blob>;
}

/** A file that was chosen or dropped. */
export function chosenFile({ path, file, problem }: FileEntry): PageFile {
  const read = (blob: Blob): Promise<Uint8Array> =>
    blob.arrayBuffer().then(
      (buffer) => new Uint8Array(buffer),
      ({ message }: Error) => {
        throw new PictureError('denied', message);
      },
    );
  const required = () => {
    if (problem !== undefined) throw new PictureError('denied', problem);
    return file;
  };
  return {
    path,
    head: async (bytes) => read(required().slice(0, bytes)),
    blob: async () => required(),
  };
}
