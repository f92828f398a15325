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

/** A file to download, and its checksum as published. Without one only the length is checked, if the server tells it. */
export interface RemoteFile {
  readonly url: string;
  readonly md5?: string;
  readonly sha256?: string;
}

/** A server that is silent for this long counts as unreachable. In milliseconds. */
const TIMEOUT = 30_000;
const MAX_REDIRECTS = 5;
/** Pauses before a download that failed is tried again, in milliseconds. */
const PAUSES: readonly number[] = [1000, 4000, 15_000];
/** Answers of servers that may be better soon: too many requests, or a fault or overload of the server. */
const MAY_PASS = new Set([408, 425, 429, 500, 502, 503, 504]);

/** An error that another try may not have. */
class Passing extends Error {}

/** Path of a downloaded file: the last part of its URL, in `folder`. */
export const pathIn = (folder: string, { url }: RemoteFile) => join(folder, basename(new URL(url).pathname));

/**
 * Downloads the files that are missing from `folder` and verifies the checksums of all. An interrupted download stays as
 * NAME.part, and the next try or call resumes it. A transfer that breaks and a busy server are tried again.
 * @param pauses before each further try, in milliseconds
 * @throws {UserError} if a file cannot be downloaded (with the URLs, for a download by hand) or its checksum is wrong
 */
export async function download(
  files: readonly RemoteFile[],
  folder: string,
  onProgress?: OnDataProgress,
  pauses = PAUSES,
): Promise<void> {
  for (const file of files) {
    const { url } = file;
    const path = pathIn(folder, file);
    if (existsSync(path)) {
      const fault = await wrongSum(path, file);
      if (!fault) continue;
      throw new UserError(`${path} is damaged (${fault}): remove it to download it again.`);
    }
    const part = `${path}.part`;
    try {
      await mkdir(folder, { recursive: true });
      await receiveWithRetries(url, part, pauses, onProgress);
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      const missing = files.filter((other) => !existsSync(pathIn(folder, other))).map((other) => other.url);
      throw new UserError(
        `${basename(path)} cannot be downloaded (${message || code}${proxyHint()}): download ${missing.join(', ')} by other means into ${folder}.`,
      );
    }
    const fault = await wrongSum(part, file);
    if (fault) {
      await rm(part);
      throw new UserError(`The download of ${url} was damaged (${fault}) and has been removed: try again.`);
    }
    await rename(part, path);
  }
}

async function receiveWithRetries(
  url: string,
  part: string,
  pauses: readonly number[],
  onProgress?: OnDataProgress,
): Promise<void> {
  for (const pause of pauses) {
    try {
      return await receive(url, part, onProgress);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const broken = code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ETIMEDOUT';
      if (!broken && !(error instanceof Passing)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return receive(url, part, onProgress);
}

/** What to do where a proxy is set that Node does not use by itself. */
function proxyHint(): string {
  const { env } = process;
  const name = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY'].find((name) => env[name]);
  if (!name || env.NODE_USE_ENV_PROXY) return '';
  return `; ${name} is not used: set NODE_USE_ENV_PROXY=1, with Node 24 or newer`;
}

/** Downloads `url` to the file `part`: only the missing rest if the server supports ranges, else the whole file. */
async function receive(url: string, part: string, onProgress?: OnDataProgress): Promise<void> {
  const received = existsSync(part) ? (await stat(part)).size : 0;
  const response = await get(url, received ? { range: `bytes=${received}-` } : {});
  const { statusCode, statusMessage, headers } = response;
  if (statusCode !== 200 && statusCode !== 206) {
    response.resume();
    // Range not satisfiable: the part is complete already; the caller checks its MD5 sum.
    if (statusCode === 416) return;
    const message = `the server answered ${statusCode} ${statusMessage}`;
    throw MAY_PASS.has(statusCode!) ? new Passing(message) : new Error(message);
  }
  let done = statusCode === 206 ? received : 0;
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

/** GET with redirects. Unlike `fetch`, it does not unzip a .gz file that the server declares as a content encoding. */
function get(url: string, headers: http.OutgoingHttpHeaders, redirects = MAX_REDIRECTS): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const client = url.startsWith('https:') ? https : http;
    const request = client.get(url, { headers, timeout: TIMEOUT }, (response) => {
      const { location } = response.headers;
      if (!location || redirects === 0) {
        resolve(response);
        return;
      }
      response.resume();
      const target = URL.canParse(location, url) ? new URL(location, url) : undefined;
      if (!target || !/^https?:$/.test(target.protocol)) reject(new Error('the server redirects to no web address'));
      else resolve(get(target.href, headers, redirects - 1));
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Passing(`no answer for ${TIMEOUT / 1000} s`)));
  });
}

/** Says which published checksum a file does not have; undefined if it has all. */
async function wrongSum(path: string, { md5, sha256 }: RemoteFile): Promise<string | undefined> {
  for (const [name, sum] of Object.entries({ MD5: md5, SHA256: sha256 })) {
    if (sum === undefined) continue;
    const hash = createHash(name);
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    if (hash.digest('hex') !== sum) return `its ${name} sum is not ${sum}`;
  }
  return undefined;
}

/**
 * Unpacks the files of a .tar.gz into `folder`, dropping their own folders.
 * @throws {UserError} if it is damaged, or the folder cannot be written
 */
export async function unpack(archive: string, folder: string): Promise<void> {
  await makeFolder(folder, async (temporary) => {
    const entries = extract();
    const write = async () => {
      for await (const entry of entries) {
        if (entry.header.type !== 'file') entry.resume();
        else await pipeline(entry, createWriteStream(join(temporary, basename(entry.header.name))));
      }
    };
    try {
      await Promise.all([pipeline(createReadStream(archive), createGunzip(), entries), write()]);
    } catch (error) {
      const { code, syscall, message } = error as NodeJS.ErrnoException;
      if (syscall && code) throw error; // the disk's
      throw new UserError(`${archive} is damaged (${message}): remove it to download it again.`);
    }
  });
}
