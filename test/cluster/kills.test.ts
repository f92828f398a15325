import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { temporaryFolder } from '../support/cli.ts';
import { Program, program } from './processes.ts';
import { RedisServer } from './redis.ts';
import { alone } from './stand_in.ts';
import { quick, smallPlan } from './study.ts';

let server: RedisServer;
let file: string;
let started: Program[] = [];

beforeAll(async () => {
  [server, file] = await Promise.all([RedisServer.start(), program('test/cluster/main.ts')]);
});

afterEach(async () => {
  await Promise.all(started.map((one) => one.kill()));
  started = [];
});

afterAll(() => server.kill());

function start(...args: string[]): Program {
  const one = new Program(file, args, { YYNET_QUEUE: server.url });
  started.push(one);
  return one;
}

async function expectAsAlone(out: string, settings: object): Promise<void> {
  const plan = smallPlan(out, settings);
  expect((await readdir(out)).sort()).toEqual([...plan.runs.map(({ name }) => name), 'report.md', 'report.svg'].sort());
  expect(await readFile(join(out, 'report.md'), 'utf8')).toContain('6 of 6 runs done');
  for (const run of plan.runs) {
    const { 'config.json': _, ...files } = await alone(run.settings);
    for (const [name, content] of Object.entries(files)) {
      expect((await readFile(join(run.path, name))).equals(content), `${run.name}/${name}`).toBe(true);
    }
  }
}

test('30 kills of workers, caller and Redis lose no run and train none to other bits', async () => {
  const random = new Random(Date.now() % 2 ** 32);
  let kills = 0;
  for (let round = 0; kills < 30; round++) {
    const out = await temporaryFolder();
    const log = join(out, '..', `log-${round}-${process.pid}`);
    // Other settings, so other runs.
    const settings = { limitVal: round + 1 };
    const begin = {
      first: () => start('worker', '60', log),
      second: () => start('worker', '60', log),
      caller: () => start('caller', out, JSON.stringify(settings)),
    };
    const now = { first: begin.first(), second: begin.second(), caller: begin.caller() };
    await now.caller.printed('is done');
    const victims = ['first', 'second', 'caller', 'redis'] as const;
    let lost = 0;
    while (now.caller.running && kills < 30) {
      await pause(200 + random.int(800));
      if (!now.caller.running) break;
      const victim = victims[kills++ % victims.length];
      if (victim === 'redis') {
        await server.kill();
        await server.start();
        lost += 2;
      } else {
        await now[victim].kill();
        now[victim] = begin[victim]();
        lost++;
      }
    }
    expect(await now.caller.ended, now.caller.output).toBe(0);
    await Promise.all([now.first.kill(), now.second.kill()]);
    await expectAsAlone(out, settings);
    // A checkpoint follows each 5 steps: at most these are done twice for each process that was cut off.
    const steps = (await readFile(log, 'utf8')).trim().split('\n').length;
    expect(steps).toBeGreaterThanOrEqual(6 * 30);
    expect(steps).toBeLessThanOrEqual(6 * 30 + 5 * (lost + 1));
  }
});

test('a worker that sleeps longer than its lock disturbs nobody when it wakes', async () => {
  const out = await temporaryFolder();
  // Slow, so that it sleeps long before the end of its run.
  const sleeper = start('worker', '200');
  const caller = start('caller', out, '{"limitVal": 100}');
  await sleeper.printed('at step 0');
  sleeper.signal('SIGSTOP');
  const other = start('worker', '20');
  const begin = performance.now();
  await sleeper.printed('at step 0');
  const name = sleeper.output.split(' at step')[0];
  await other.printed(`\n${name} at step`);
  // Beside lock and check: the start of a process and the run that the other one has taken first.
  expect(performance.now() - begin).toBeLessThan(quick.lock + quick.check + 10_000);
  sleeper.signal('SIGCONT');
  expect(await caller.ended, caller.output).toBe(0);
  await sleeper.printed(`\n${name} is left: another worker has it now`);
  expect(`\n${other.output}`).toContain(`\n${name} is done`);
  await expectAsAlone(out, { limitVal: 100 });
});
