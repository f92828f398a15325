import { BlobReader, configure, type FileEntry as ZipEntry, ZipReader } from '@zip.js/zip.js/lib/zip-core-custom.js';
import { PictureError } from '../../src/data/left_out.ts';
import { MAX_FILE_BYTES } from '../../src/data/picture_limits.ts';
import { UserError } from '../../src/index.ts';
import type { FileEntry } from '../messages.ts';
import type { PageFile } from './source.ts';

// The page runs in a worker already, and its policy forbids those that zip.js would start.
configure({ useWebWorkers: false });

/**
 * Lists the files in a zip archive. They are unpacked when they are read.
 * @throws {UserError} if it is damaged or has a password
 */
export async function openZip({ path, file }: FileEntry): Promise<PageFile[]> {
  const entries = await new ZipReader(new BlobReader(file))
    .getEntries({ decodeText: decodeName, strictness: 'tolerant' })
    .catch(({ message }) => {
      throw new UserError(`${path} cannot be read as a zip archive: ${message}.`);
    });
  if (entries.some(({ encrypted }) => encrypted)) {
    throw new UserError(`${path} has a password; unpack it yourself and choose the folder.`);
  }
  return entries.map((entry) => {
    const name = plainPath(entry.filename);
    const isFolder = entry.directory || entry.filename.endsWith('\\');
    return isFolder ? emptyFolder(`${name}/`) : zippedFile(name, entry as ZipEntry);
  });
}

/** Many programs write UTF-8 without saying so; anything else is left to zip.js. */
function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A path with '/' between its names: programs also write '\' and './'. */
const plainPath = (path: string) =>
  path
    .split(/[/\\]/)
    .filter((name) => name !== '' && name !== '.' && name !== '..')
    .join('/');

const emptyFolder = (path: string): PageFile => ({
  path,
  head: async () => new Uint8Array(),
  blob: async () => new Blob(),
});

function zippedFile(path: string, entry: ZipEntry): PageFile {
  return {
    path,
    head: async (bytes) => new Uint8Array(await (await unpack(entry, bytes)).arrayBuffer()).subarray(0, bytes),
    blob: () => unpack(entry, MAX_FILE_BYTES + 1),
  };
}

/**
 * Unpacks a file until it has `enough` bytes; the size that the archive claims does not matter.
 * @throws {PictureError} if it is damaged
 */
async function unpack(entry: ZipEntry, enough: number): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const stopping = new AbortController();
  const target = new WritableStream<Uint8Array<ArrayBuffer>>({
    write(chunk) {
      if (size >= enough) return;
      chunks.push(chunk.slice());
      size += chunk.length;
      if (size >= enough) stopping.abort();
    },
  });
  await entry.getData(target, { checkSignature: true, signal: stopping.signal }).catch(({ message }: Error) => {
    if (!stopping.signal.aborted) throw new PictureError('damaged', message);
  });
  return new Blob(chunks);
}
