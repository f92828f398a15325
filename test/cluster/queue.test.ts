import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Connection, connect } from '../../src/cli/queue/connection.ts';
import { trainHere } from '../../src/cli/queue/execute.ts';
import { describeStanding, followStudy, standingOf } from '../../src/cli/queue/follow.ts';
import { describeRuns, type Payload } from '../../src/cli/queue/payload.ts';
import { LostRun, writeState } from '../../src/cli/queue/state.ts';
import { type Execute, takeRuns } from '../../src/cli/queue/worker.ts';
import type { Plan, PlannedRun } from '../../src/cli/study_plan.ts';
import { temporaryFolder } from '../support/cli.ts';
import { RedisServer } from './redis.ts';
import { alone, standIn } from './stand_in.ts';
import { quick, smallPlan } from './study.ts';

let server: RedisServer;
let connection: Connection;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
  process.env.YYNET_QUEUE = server.url;
  connection = await connect();
});

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
  await connection.redis.flushall();
});

afterAll(async () => {
  await connection.close();
  await server.kill();
});

/** A worker in this process; what it prints, and how to stop it. */
function worker(execute: Execute = standIn({ pace: 10 })) {
  const lines: string[] = [];
  const stopping = new AbortController();
  const print = (line: string) => lines.push(line);
  const ended = takeRuns(connection, execute, { stop: stopping.signal, timing: quick, print });
  const stop = () => {
    stopping.abort();
    return ended;
  };
  ends.push(stop);
  return { lines, stop };
}

function follow(plan: Plan) {
  const lines: string[] = [];
  const stopping = new AbortController();
  const ended = followStudy(connection, plan, { stop: stopping.signal, print: (line) => lines.push(line) });
  ends.push(async () => {
    stopping.abort();
    await ended.catch(() => {});
  });
  return { lines, ended, stop: () => stopping.abort() };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(20);
}

async function expectAsAlone({ path, settings }: PlannedRun): Promise<void> {
  for (const [name, content] of Object.entries(await alone(settings))) {
    const found = await readFile(join(path, name));
    if (name !== 'config.json') expect(found.equals(content), name).toBe(true);
    else expect(String(found)).toBe(`${JSON.stringify(JSON.parse(String(content)), null, 2)}\n`);
  }
}

const add = (id: string, payload: object) => connection.queue.add('run', payload, { jobId: id });

async function payloadOf(run: PlannedRun): Promise<Payload> {
  const [{ payload }] = await describeRuns([run]);
  return payload;
}

test('two workers share the runs; the folder is as if one machine had trained them', async () => {
  const out = await temporaryFolder();
  const plan = smallPlan(out);
  const workers = [worker(), worker()];
  expect(await follow(plan).ended).toBe(true);
  for (const { lines } of workers) expect(lines.filter((line) => line.endsWith('is done')).length).toBeGreaterThan(0);
  for (const run of plan.runs) await expectAsAlone(run);
  expect((await readdir(out)).sort()).toEqual([...plan.runs.map(({ name }) => name), 'report.md', 'report.svg'].sort());
  expect(await readFile(join(out, 'report.md'), 'utf8')).toContain('6 of 6 runs done');
  // Called again, there is nothing to do.
  expect(await follow(plan).ended).toBe(true);
});

test('a worker that is stopped hands its run back with its checkpoint; another goes on', async () => {
  const plan = smallPlan(await temporaryFolder());
  const [run] = plan.runs;
  const first = worker(standIn({ pace: 100 }));
  const [queued] = await describeRuns([run]);
  await add(queued.id, queued.payload);
  await until(() => first.lines.length > 0);
  await pause(350);
  await first.stop();
  expect((await standingOf(connection, queued)).fate).toBe('waiting');
  const second = worker();
  expect(await follow({ ...plan, runs: [run] }).ended).toBe(true);
  expect(second.lines[0]).toMatch(/at step [2-5]$/);
  await expectAsAlone(run);
});

test('a worker that has lost its lock writes nothing any more', async () => {
  const plan = smallPlan(await temporaryFolder());
  const [queued] = await describeRuns(plan.runs);
  await add(queued.id, queued.payload);
  await expect(writeState(connection, queued.id, 'no token', { files: {} })).rejects.toThrow(LostRun);
  const { lines } = worker(async ({ save }) => {
    await connection.redis.set(`${connection.queue.toKey(queued.id)}:lock`, 'another');
    await save({ files: {}, adapters: ['mine'] });
    return true;
  });
  await until(() => lines.length > 0);
  expect(lines).toEqual([`${plan.runs[0].name} is left: another worker has it now`]);
  expect(await connection.redis.exists(`${connection.queue.toKey(queued.id)}:state`)).toBe(0);
  expect((await standingOf(connection, queued)).fate).not.toBe('done');
});

test('a UserError fails its run once, by name; the others go on; a further call tries again', async () => {
  const out = await temporaryFolder();
  const plan = smallPlan(out);
  const broken = plan.runs.map((run, i) =>
    i === 2 ? { ...run, settings: { ...run.settings, learningRate: 0.5 } } : run,
  );
  const { lines } = worker();
  await expect(follow({ ...plan, runs: broken }).ended).rejects.toThrow(
    new RegExp(`^1 of 6 runs failed; ${join(out, 'report.md')} says why\\.$`),
  );
  expect(lines.filter((line) => line.includes('fails'))).toEqual([
    expect.stringMatching(/-seed0 fails: the batch does not fit\.$/),
  ]);
  const report = await readFile(join(out, 'report.md'), 'utf8');
  expect(report).toContain('5 of 6 runs done');
  expect(report).toMatch(/^- .*, seed 0 failed: the batch does not fit\.$/m);
  await expect(follow({ ...plan, runs: broken }).ended).rejects.toThrow(/^1 of 6/);
  expect(lines.filter((line) => line.includes('fails'))).toHaveLength(2);
  expect(await follow(plan).ended).toBe(true);
});

test('what the queue loses, the caller puts in again', async () => {
  const plan = smallPlan(await temporaryFolder());
  const { ended } = follow(plan);
  const { lines } = worker(standIn({ pace: 20 }));
  await until(() => lines.some((line) => line.endsWith('is done')));
  await connection.redis.flushall();
  expect(await ended).toBe(true);
  for (const run of plan.runs) await expectAsAlone(run);
});

test('damaged files of a run that is done are not taken home: it is trained again', async () => {
  const plan = smallPlan(await temporaryFolder());
  const runs = plan.runs.slice(0, 1);
  const [queued] = await describeRuns(runs);
  await add(queued.id, queued.payload);
  const { lines } = worker();
  await until(async () => (await standingOf(connection, queued)).fate === 'done');
  await connection.redis.hset(`${connection.queue.toKey(queued.id)}:state`, 'last.safetensors', 'noise');
  const caller = follow({ ...plan, runs });
  expect(await caller.ended).toBe(true);
  expect(caller.lines[0]).toMatch(/is trained again, because its files in the queue are damaged: /);
  expect(lines.filter((line) => line.endsWith('is done'))).toHaveLength(2);
  await expectAsAlone(runs[0]);
});

test('payloads that are none fail in one line each, and the queue goes on', async () => {
  const plan = smallPlan(await temporaryFolder());
  const payload = await payloadOf(plan.runs[0]);
  const { settings } = payload;
  const hostile = [
    { ...payload, name: '../../etc' },
    { ...payload, code: 'rm -rf /' },
    { ...payload, settings: { ...settings, data: '/etc' } },
    { ...payload, settings: { ...settings, batch_size: 'many' } },
    { ...payload, settings: { ...settings, __proto__: null, shell: 'rm' } },
    { ...payload, fingerprints: { train: '0123456789abcdef', validation: '0123456789abcdef' } },
    { ...payload, version: 5 },
    {},
  ];
  for (const [i, content] of hostile.entries()) await add(`evil${i}\u001b[31m`, content);
  const { lines } = worker();
  expect(await follow(plan).ended).toBe(true);
  const failures = lines.filter((line) => line.startsWith('evil'));
  expect(failures).toHaveLength(hostile.length);
  for (const line of failures)
    expect(line).toMatch(/^evil\d\\u001b\[31m fails: .* the queue's run evil\d\\u001b\[31m is \P{Cc}*$/u);
});

test('runs of another version or of data that are not here are left to others', async () => {
  const folder = await temporaryFolder();
  for (const path of ['train/a', 'train/b', 'val/a', 'val/b']) await mkdir(join(folder, path), { recursive: true });
  const plan = smallPlan(folder);
  const payload = await payloadOf(plan.runs[0]);
  const { data: _, ...settings } = payload.settings;
  const fingerprints = { train: '0123456789abcdef', validation: '0123456789abcdef' };
  await add('other-version', { ...payload, version: '0.0.1', anything: 1 });
  await add('other-data', { ...payload, settings, fingerprints });
  const refusing = worker(trainHere({ adapter: 'auto' }));
  await until(() => refusing.lines.length === 2);
  // Offered again, but not said again.
  await pause(3 * quick.again);
  expect(refusing.lines.sort()).toEqual([
    'other-data is left to others: its data are in a folder, which --data names',
    expect.stringMatching(/^other-version is left to others: it is of yynet 0\.0\.1, and this is \d+\.\d+\.\d+$/),
  ]);
  const another = worker(async () => true);
  await until(async () => (await connection.queue.getJobState('other-data')) === 'completed');
  expect(another.lines.filter((line) => line.startsWith('other-data'))).toEqual([]);
  expect(await connection.queue.getJobState('other-version')).not.toBe('failed');
});

test('the status says what waits, where a run is trained, and why one failed', async () => {
  const plan = smallPlan(await temporaryFolder());
  const queued = await describeRuns(plan.runs.slice(0, 2));
  const describe = async () =>
    Promise.all(queued.map(async (run) => describeStanding(connection, run, await standingOf(connection, run))));
  expect(await describe()).toEqual(['missing', 'missing']);
  for (const { id, payload } of queued) await add(id, payload);
  expect(await describe()).toEqual(['waiting', 'waiting']);
  worker(standIn({ pace: 20 }));
  await until(async () => (await describe())[0] === 'active on here, 2 of 6 epochs done');
  await until(async () => (await describe()).every((line) => line === 'done'));
});
