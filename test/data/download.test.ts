import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, onTestFinished, test } from 'vitest';
import { readCifar10 } from '../../src/data/cifar10-folder.ts';
import { download } from '../../src/data/download-folder.ts';
import { type DownloadableSet, downloadableSets, readDownloadable } from '../../src/data/downloadable-folder.ts';
import { readIdx } from '../../src/data/idx-folder.ts';
import type { DataProgress } from '../../src/data/progress.ts';
import { cifarRecords, complaint, idxFiles, put, temporaryFolder } from './files.ts';

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const CONTENT = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);

/** A site on this machine. Returns its address, and which ranges it was asked for. */
async function serve(answer: RequestListener): Promise<{ site: string; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { site: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ranges };
}

/** Serves some bytes at any path, in parts where asked to. */
const inParts =
  (bytes: Uint8Array): RequestListener =>
  ({ headers }, response) => {
    const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    if (start >= bytes.length) {
      response.writeHead(416).end();
      return;
    }
    response.writeHead(headers.range ? 206 : 200, { 'content-length': bytes.length - start });
    response.end(bytes.subarray(start));
  };

test('downloads a file, tells how far it is, and asks for it no more', async () => {
  const folder = join(await temporaryFolder(), 'new');
  const { site, ranges } = await serve(inParts(CONTENT));
  const heard: DataProgress[] = [];
  const file = { url: `${site}/path/data.bin`, md5: md5(CONTENT) };
  await download([file], folder, (progress) => heard.push(progress));
  expect(Buffer.compare(await readFile(join(folder, 'data.bin')), CONTENT)).toBe(0);
  expect(await readdir(folder)).toEqual(['data.bin']);
  expect(heard.length).toBeGreaterThan(0);
  const { length } = CONTENT;
  expect(heard.at(-1)).toEqual({ task: 'downloading data.bin', done: length, total: length, unit: 'bytes' });
  await download([file], folder);
  expect(ranges).toEqual([undefined]);
});

test('goes on where a download broke off', async () => {
  const folder = await temporaryFolder();
  let cut = true;
  const { site, ranges } = await serve((request, response) => {
    if (!cut) return inParts(CONTENT)(request, response);
    response.writeHead(200, { 'content-length': CONTENT.length });
    // What is on its way when a connection breaks is lost: let it arrive.
    response.write(CONTENT.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 500));
  });
  const file = { url: `${site}/data.bin`, md5: md5(CONTENT) };
  expect(await complaint(download([file], folder, undefined, []))).toMatch(/data\.bin cannot be downloaded/);
  const { length } = await readFile(join(folder, 'data.bin.part'));
  expect(length).toBeGreaterThan(0);
  cut = false;
  const heard: DataProgress[] = [];
  await download([file], folder, (progress) => heard.push(progress));
  expect(ranges).toEqual([undefined, `bytes=${length}-`]);
  expect(heard[0].done).toBeGreaterThan(length);
  expect(heard[0].total).toBe(CONTENT.length);
  expect(Buffer.compare(await readFile(join(folder, 'data.bin')), CONTENT)).toBe(0);
});

test('begins anew where the server gives no parts, and takes a part that is all there', async () => {
  const folder = await temporaryFolder();
  await put(folder, { 'data.bin.part': CONTENT.subarray(0, 1000), 'whole.bin.part': CONTENT });
  const { site } = await serve((request, response) => {
    if (request.url === '/whole.bin') inParts(CONTENT)(request, response);
    else response.end(CONTENT);
  });
  const sum = md5(CONTENT);
  const files = ['data.bin', 'whole.bin'].map((name) => ({ url: `${site}/${name}`, md5: sum }));
  await download(files, folder);
  for (const name of ['data.bin', 'whole.bin']) expect(md5(await readFile(join(folder, name)))).toBe(sum);
});

test('follows a redirect, and keeps a .gz zipped even if the server calls that an encoding', async () => {
  const folder = await temporaryFolder();
  const zipped = gzipSync(CONTENT);
  const { site } = await serve(({ url }, response) => {
    if (url === '/data.gz') response.writeHead(302, { location: '/elsewhere' }).end();
    else response.writeHead(200, { 'content-encoding': 'gzip' }).end(zipped);
  });
  await download([{ url: `${site}/data.gz`, md5: md5(zipped) }], folder);
  expect(Buffer.compare(await readFile(join(folder, 'data.gz')), zipped)).toBe(0);
});

test('what cannot be had is one sentence: what to get from where, and where to put it', async () => {
  const folder = await temporaryFolder();
  const { site } = await serve((_, response) => response.writeHead(404).end('nothing here'));
  await put(folder, { 'b.gz': 'there' });
  const files = ['a.gz', 'b.gz', 'c.gz'].map((name) => ({ url: `${site}/${name}`, md5: '' }));
  expect(await complaint(download(files, folder))).toBe(
    `a.gz cannot be downloaded (the server answered 404 Not Found): download ${site}/a.gz, ${site}/c.gz by other means into ${folder}.`,
  );
  const nobody = [{ url: 'http://localhost:1/a.gz', md5: '' }];
  expect(await complaint(download(nobody, folder))).toMatch(
    /cannot be downloaded \(.*ECONNREFUSED.*\): download http:/,
  );
  await put(folder, { file: '' });
  expect(await complaint(download(files, join(folder, 'file')))).toMatch(/cannot be downloaded \(.*file.*\): download/);
});

test('a wrong checksum is one sentence, and the next try begins anew', async () => {
  const folder = await temporaryFolder();
  const { site } = await serve(inParts(CONTENT));
  const files = [{ url: `${site}/data.bin`, md5: 'c0ffee' }];
  expect(await complaint(download(files, folder))).toMatch(/data\.bin was damaged .*c0ffee.* try again/);
  expect(await readdir(folder)).toEqual([]);
  await put(folder, { 'data.bin': 'put here by hand' });
  expect(await complaint(download(files, folder))).toMatch(/data\.bin is damaged .*c0ffee.* remove it/);
});

/** A .tar.gz of files and the folder around them, as CIFAR's are. */
async function archive(files: Record<string, Uint8Array>): Promise<Uint8Array> {
  const tar = pack();
  tar.entry({ name: 'top', type: 'directory' });
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name }, Buffer.from(bytes));
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

test('unpacks an archive once, and nothing beyond its folder', async () => {
  const folder = await temporaryFolder();
  const bytes = await archive({
    'top/data_batch_1.bin': cifarRecords([3], [4]),
    '../../test_batch.bin': cifarRecords([5]),
  });
  const { site, ranges } = await serve(inParts(bytes));
  const files = [{ url: `${site}/cifar.tar.gz`, md5: md5(bytes) }];
  const set: DownloadableSet = { files, unpacked: 'cifar-10-batches-bin', read: readCifar10 };
  for (let i = 0; i < 2; i++) {
    const { train, validation } = await readDownloadable('cifar10', set, { folder });
    expect([[...train.labels], [...validation.labels]]).toEqual([[3, 4], [5]]);
  }
  expect(ranges).toHaveLength(1);
  expect(await readdir(folder)).toEqual(['cifar-10-batches-bin']);
  expect((await readdir(join(folder, 'cifar-10-batches-bin'))).sort()).toEqual(['data_batch_1.bin', 'test_batch.bin']);
});

test('leaves nothing of an archive that cannot be unpacked', async () => {
  const folder = await temporaryFolder();
  const bytes = Uint8Array.of(1, 2, 3);
  const { site } = await serve(inParts(bytes));
  const files = [{ url: `${site}/cifar.tar.gz`, md5: md5(bytes) }];
  const set: DownloadableSet = { files, unpacked: 'cifar-10-batches-bin', read: readCifar10 };
  expect(await complaint(readDownloadable('cifar10', set, { folder }))).toMatch(
    /cifar\.tar\.gz is damaged \(.+\): remove it to download it again/,
  );
  expect(await readdir(folder)).toEqual(['cifar.tar.gz']);
});

test('reads downloaded IDX files where they lie', async () => {
  const folder = await temporaryFolder();
  const contents = idxFiles([1, 0], [1]);
  const { site } = await serve((request, response) => inParts(contents[request.url!.slice(1)])(request, response));
  const files = Object.entries(contents).map(([name, bytes]) => ({ url: `${site}/${name}`, md5: md5(bytes) }));
  const set: DownloadableSet = { files, read: (path) => readIdx(path, { name: 'digits', classes: ['a', 'b'] }) };
  const { train } = await readDownloadable('digits', set, { folder });
  expect([train.name, train.classes, [...train.labels]]).toEqual(['digits', ['a', 'b'], [1, 0]]);
  expect(existsSync(join(folder, 'train-images-idx3-ubyte.gz'))).toBe(true);
});

test('every downloadable file has an address and a checksum of its own', () => {
  const files = [...downloadableSets.values()].flatMap((set) => set.files);
  expect(files).toHaveLength(10);
  for (const { url, md5 } of files)
    expect([new URL(url).protocol, md5]).toEqual([expect.any(String), expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(new Set(files.map(({ md5 }) => md5)).size).toBe(10);
  expect([...downloadableSets.keys()]).toEqual(['cifar10', 'cifar100', 'mnist', 'fashion-mnist']);
});
