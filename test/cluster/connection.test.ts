import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/cli/queue/connection.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { temporaryFolder } from '../support/cli.ts';
import { RedisServer } from './redis.ts';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(() => server.kill());

async function failure(url: string): Promise<string> {
  process.env.YYNET_QUEUE = url;
  const error = await connect().then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).not.toContain('\n');
  expect(error.message).not.toContain('geheim');
  return error.message;
}

test('a wrong password, none, and a wrong user are said, without the password', async () => {
  const { host } = new URL(server.url);
  expect(await failure(`redis://:geheim@${host}`)).toMatch(/^YYNET_QUEUE: 127\.0\.0\.1:\d+ cannot be used: WRONGPASS /);
  expect(await failure(`redis://${host}`)).toMatch(/cannot be used: NOAUTH /);
  expect(await failure(`redis://nobody:geheim@${host}`)).toMatch(/cannot be used: WRONGPASS /);
});

test('an address where nothing answers, or that is none', async () => {
  expect(await failure('redis://127.0.0.1:1')).toMatch(/^YYNET_QUEUE: 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/);
  for (const url of ['', 'geheim', 'http://:geheim@host', 'redis://']) {
    expect(await failure(url)).toMatch(/^The environment variable YYNET_QUEUE must name a Redis or Valkey, expected /);
  }
});

test('a Redis that starts a moment later is waited for', async () => {
  const late = await RedisServer.reserve();
  process.env.YYNET_QUEUE = late.url;
  const connection = connect();
  await pause(500);
  await late.start();
  await (await connection).close();
  await late.kill();
});

test('a certificate that nobody vouches for', async () => {
  const folder = await temporaryFolder();
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name));
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=other'];
  await promisify(execFile)('openssl', request);
  const secure = createServer({ key: await readFile(key), cert: await readFile(cert) }).listen(0, '127.0.0.1');
  await once(secure, 'listening');
  const { port } = secure.address() as { port: number };
  expect(await failure(`rediss://127.0.0.1:${port}`)).toMatch(/cannot be used: .*self-signed certificate/);
  secure.close();
});
