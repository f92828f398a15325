import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { download, unpack } from '../../src/data/download-folder.ts';
import { complaint, put, temporaryFolder } from '../data/files.ts';

const CONTENT = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) % 251);
const MD5 = createHash('md5').update(CONTENT).digest('hex');

afterEach(() => void vi.unstubAllEnvs());

/** A site on this machine that answers each request with the next of `answers`, then with the last one. */
async function serve(...answers: RequestListener[]) {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    answers[Math.min(ranges.length, answers.length - 1)](request, response);
    ranges.push(request.headers.range);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.bin`, ranges };
}

const whole: RequestListener = ({ headers }, response) => {
  const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  response.writeHead(start ? 206 : 200, { 'content-length': CONTENT.length - start }).end(CONTENT.subarray(start));
};
const busy =
  (status: number): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end();
const half: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-length': CONTENT.length });
  response.write(CONTENT.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 200));
};
const redirect =
  (location: string): RequestListener =>
  (_, response) =>
    void response.writeHead(302, { location }).end();

test.each([429, 503])('a server that answers %i is asked again', async (status) => {
  const folder = await temporaryFolder();
  const { url, ranges } = await serve(busy(status), busy(status), whole);
  await download([{ url, md5: MD5 }], folder, undefined, [1, 1, 1]);
  expect(ranges).toHaveLength(3);
});

test('a transfer that breaks goes on from where it was', async () => {
  const folder = await temporaryFolder();
  const { url, ranges } = await serve(half, whole);
  await download([{ url, md5: MD5 }], folder, undefined, [1]);
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  expect(Buffer.compare(await readFile(join(folder, 'data.bin')), CONTENT)).toBe(0);
});

test('tries end after a few, and at once where they cannot help', async () => {
  const folder = await temporaryFolder();
  const failing = await serve(busy(503));
  expect(await complaint(download([{ url: failing.url, md5: MD5 }], folder, undefined, [1, 1]))).toMatch(
    /data\.bin cannot be downloaded \(the server answered 503 /,
  );
  expect(failing.ranges).toHaveLength(3);
  const missing = await serve(busy(404));
  await complaint(download([{ url: missing.url, md5: MD5 }], folder, undefined, [1, 1]));
  expect(missing.ranges).toHaveLength(1);
});

test.each(['http://[', 'ftp://example.org/x', 'http://'])('a redirect to %s is one sentence', async (location) => {
  const { url } = await serve(redirect(location));
  expect(await complaint(download([{ url, md5: MD5 }], await temporaryFolder(), undefined, []))).toMatch(
    /cannot be downloaded \(.*redirects to no web address.*\): download http/,
  );
});

test('a proxy that Node does not use is named', async () => {
  vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:9');
  vi.stubEnv('NODE_USE_ENV_PROXY', '');
  const file = { url: 'http://127.0.0.1:1/data.bin', md5: MD5 };
  const folder = await temporaryFolder();
  expect(await complaint(download([file], folder, undefined, []))).toMatch(
    /ECONNREFUSED.*; HTTPS_PROXY is not used: set NODE_USE_ENV_PROXY=1, with Node 24 or newer\): download/,
  );
  vi.stubEnv('NODE_USE_ENV_PROXY', '1');
  expect(await complaint(download([file], folder, undefined, []))).not.toMatch(/PROXY/);
});

test.each<[string, Uint8Array]>([
  ['no gzip', Uint8Array.of(1, 2, 3)],
  ['a cut gzip', gzipSync(CONTENT).subarray(0, 500)],
  ['no tar', gzipSync(CONTENT)],
])('an archive that is %s is one sentence', async (_, bytes) => {
  const folder = await temporaryFolder();
  await put(folder, { 'a.tar.gz': bytes });
  expect(await complaint(unpack(join(folder, 'a.tar.gz'), join(folder, 'out')))).toMatch(
    /a\.tar\.gz is damaged \(.+\): remove it to download it again\./,
  );
});
