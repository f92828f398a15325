import { lstat, open, stat } from 'node:fs/promises';
import { PictureError } from './left_out.ts';
import { HEAD_BYTES } from './picture_kind.ts';

/**
 * Reads the first bytes of a file. Only regular files are opened: a pipe would block, and a device may have no end.
 * @throws {PictureError} if it is no regular file or cannot be opened
 */
export async function readHead(path: string, bytes = HEAD_BYTES): Promise<Uint8Array> {
  const denied = async (error: Error) => {
    const isLink = await lstat(path).then(
      (entry) => entry.isSymbolicLink(),
      () => false,
    );
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new PictureError('denied', message.split(',')[0]);
    // Node replaces bytes of a name that are not UTF-8, so that the file is not found by it.
    if (path.includes('\ufffd')) throw new PictureError('name');
    throw isLink ? new PictureError('link') : new PictureError('denied', message.split(',')[0]);
  };
  if (!(await stat(path).catch(denied)).isFile()) throw new PictureError('special');
  const file = await open(path).catch(denied);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
