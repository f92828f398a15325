import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, connect } from '../../src/cli/queue/connection.ts';
import { temporaryFolder } from '../support/cli.ts';
import { Program, program } from './processes.ts';
import { RedisServer } from './redis.ts';

const RECIPE =
  'data: shapes\nchannels: 4\nbody_channels: 4\nhidden: 8\nepochs: 3\nbatch_size: 8\nlimit_train: 32\nlimit_val: 16\n';

let server: RedisServer;
let connection: Connection;
let file: string;
const started: Program[] = [];

beforeAll(async () => {
  [server, file] = await Promise.all([RedisServer.start(), program('src/cli/study.ts')]);
  process.env.YYNET_QUEUE = server.url;
  connection = await connect();
});

afterAll(async () => {
  await Promise.all(started.map((one) => one.kill()));
  await connection.close();
  await server.kill();
});

function start(...args: string[]): Program {
  const one = new Program(file, args, { YYNET_QUEUE: server.url, NO_COLOR: '1' });
  started.push(one);
  return one;
}

/** All files below a folder, without what may differ: speeds. */
async function contents(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'latin1');
    files.set(path.slice(folder.length), text.replace(/,"images_per_second":[\d.]+/g, ''));
  }
  return files;
}

test('a study over the queue gives the folder of a study on one machine, though a worker stops and a checkpoint is noise', async () => {
  const folder = await temporaryFolder();
  const recipe = join(folder, 'recipe.yaml');
  await writeFile(recipe, RECIPE);
  const [here, there] = ['here', 'there'].map((name) => join(folder, name));
  const args = ['sizes', '--config', recipe, '--checkpoint-every', '1'];
  const caller = start(...args, '--out', there, '--queue');
  const ids = async () => (await connection.queue.getWaiting()).map(({ id }) => id!);
  while ((await ids()).length < 3) if (!caller.running) throw new Error(caller.output);
  const noisy = (await ids()).find((id) => id.startsWith('yynet-16'))!;
  await connection.redis.hset(`${connection.queue.toKey(noisy)}:state`, 'last.safetensors', 'noise');

  const first = start('worker');
  await first.printed('epoch 1/3');
  first.signal('SIGINT');
  expect(await first.ended, first.output).toBe(130);
  expect(first.output).toMatch(/-seed0 is handed back after step \d+|-seed0 is done/);
  const status = start(...args, '--out', there, '--status');
  expect(await status.ended, status.output).toBe(0);
  expect(status.output).toMatch(/^yynet-16, .* parameters, seed 0: waiting$/m);

  const second = start('worker');
  expect(await caller.ended, caller.output).toBe(0);
  expect(second.output).toMatch(/^\S+-seed0 goes on after step \d+, on /m);
  expect(second.output).toMatch(
    /^yynet-16-seed0 starts over, because its checkpoint in the queue cannot be used: .+$/m,
  );
  second.signal('SIGTERM');
  expect(await second.ended).toBe(143);

  const local = start(...args, '--out', here);
  expect(await local.ended, local.output).toBe(0);
  expect(await contents(there)).toEqual(await contents(here));
});

test('without the packages one sentence says what to install', async () => {
  const hook = `export const resolve = (name, context, next) => {
    if (name === 'bullmq') throw Object.assign(new Error('no ' + name), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  }`;
  const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = url(`import { register } from 'node:module'; register(${JSON.stringify(url(hook))});`);
  const env = { YYNET_QUEUE: server.url, NODE_OPTIONS: `--import "${register}"` };
  const caller = new Program(file, ['sizes', '--queue', '--out', await temporaryFolder()], env);
  expect(await caller.ended).toBe(2);
  expect(caller.output.trim()).toBe('yy-study: The queue needs two packages: npm install bullmq ioredis.');
});
