import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { UserError } from '../runtime/errors.ts';
import { makeFolder } from './cache-folder.ts';
import type { OnDataProgress } from './progress.ts';

/** A file to download, and the MD5 sum that its publisher gives. */
export interface RemoteFile {
  readonly url: string;
  readonly md5: string;
}

/** A server that says nothing for so long is taken for unreachable, in milliseconds. */
const PATIENCE = 30_000;
const MOST_REDIRECTS = 5;

/** Where a file of the internet belongs in `folder`: under its URL's name. */
export const pathIn = (folder: string, { url }: RemoteFile) => join(folder, basename(new URL(url).pathname));

/**
 * Makes sure that some files are in `folder`: checks those that are there and downloads the others. What breaks off is
 * kept as NAME.part, where the next call goes on.
 * @throws {UserError} if one cannot be had (what to get from where, and where to put it) or its MD5 sum is wrong
 */
export async function download(
  files: readonly RemoteFile[],
  folder: string,
  onProgress?: OnDataProgress,
): Promise<void> {
  for (const file of files) {
    const { url, md5 } = file;
    const path = pathIn(folder, file);
    if (existsSync(path)) {
      if ((await md5Of(path)) === md5) continue;
      throw new UserError(`${path} is damaged (its MD5 sum is not ${md5}): remove it, and it is downloaded again.`);
    }
    const part = `${path}.part`;
    try {
      await mkdir(folder, { recursive: true });
      await receive(url, part, onProgress);
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      const missing = files.filter((other) => !existsSync(pathIn(folder, other))).map((other) => other.url);
      throw new UserError(
        `${basename(path)} cannot be downloaded (${message || code}): fetch ${missing.join(', ')} by other means into ${folder}.`,
      );
    }
    if ((await md5Of(part)) !== md5) {
      await rm(part);
      throw new UserError(`${url} arrived damaged (its MD5 sum is not ${md5}) and was removed: try again.`);
    }
    await rename(part, path);
  }
}

/** Writes the rest of what `part` holds the beginning of; all of it if the server cannot give parts. */
async function receive(url: string, part: string, onProgress?: OnDataProgress): Promise<void> {
  const begun = existsSync(part) ? (await stat(part)).size : 0;
  const response = await get(url, begun ? { range: `bytes=${begun}-` } : {});
  const { statusCode, statusMessage, headers } = response;
  if (statusCode !== 200 && statusCode !== 206) {
    response.resume();
    // There is nothing after what we have: the checksum will tell if it is the file.
    if (statusCode === 416) return;
    throw new Error(`the server says ${statusCode} ${statusMessage}`);
  }
  let done = statusCode === 206 ? begun : 0;
  const length = headers['content-length'];
  const total = length === undefined ? undefined : done + Number(length);
  const task = `downloading ${basename(part, '.part')}`;
  await pipeline(
    response,
    async function* (chunks) {
      for await (const chunk of chunks) {
        done += chunk.length;
        onProgress?.({ task, done, total, unit: 'bytes' });
        yield chunk;
      }
    },
    createWriteStream(part, { flags: done ? 'a' : 'w' }),
  );
}

/** Unlike `fetch`, gives a .gz as it is even where a server calls that an encoding. */
function get(
  url: string,
  headers: http.OutgoingHttpHeaders,
  redirects = MOST_REDIRECTS,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const client = url.startsWith('https:') ? https : http;
    const request = client.get(url, { headers, timeout: PATIENCE }, (response) => {
      const { location } = response.headers;
      if (!location || redirects === 0) {
        resolve(response);
        return;
      }
      response.resume();
      resolve(get(new URL(location, url).href, headers, redirects - 1));
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`no answer for ${PATIENCE / 1000} s`)));
  });
}

async function md5Of(file: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

/** Unpacks the files of a .tar.gz into `folder`, without the folders that they lie in. */
export async function unpack(archive: string, folder: string): Promise<void> {
  await makeFolder(folder, async (temporary) => {
    const entries = extract();
    const write = async () => {
      for await (const entry of entries) {
        if (entry.header.type !== 'file') entry.resume();
        else await pipeline(entry, createWriteStream(join(temporary, basename(entry.header.name))));
      }
    };
    await Promise.all([pipeline(createReadStream(archive), createGunzip(), entries), write()]);
  });
}
