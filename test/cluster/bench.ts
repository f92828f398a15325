// What bench/cluster.js runs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../src/cli/queue/connection.ts';
import { followStudy } from '../../src/cli/queue/follow.ts';
import { temporaryFolder } from '../support/cli.ts';
import { Program, program } from './processes.ts';
import { RedisServer } from './redis.ts';
import { quick, smallPlan } from './study.ts';

process.env.YYNET_TESTS = await mkdtemp(join(tmpdir(), 'yynet-bench-'));
const server = await RedisServer.start();
process.env.YYNET_QUEUE = server.url;
const connection = await connect();
const file = await program('test/cluster/main.ts');
const worker = () => new Program(file, ['worker', '150'], { YYNET_QUEUE: server.url });

/** Milliseconds of a study of six runs of 4.5 s each. */
async function study(limitVal: number): Promise<number> {
  const begin = performance.now();
  const plan = smallPlan(await temporaryFolder(), { limitVal });
  await followStudy(connection, plan, { stop: new AbortController().signal, print: () => {} });
  return performance.now() - begin;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

const first = worker();
await pause(5000); // until it waits for runs
const alone = await study(1);
const second = worker();
await pause(5000);
const shared = await study(2);
console.log(
  `one worker ${seconds(alone)}, two workers ${seconds(shared)}: ${((2 * shared) / alone).toFixed(2)} × half`,
);

// One run for each worker; a third, idle one takes the lost one up.
const third = worker();
await pause(5000);
const [one, two] = smallPlan(await temporaryFolder(), { limitVal: 3 }).runs;
const plan = { ...smallPlan(await temporaryFolder(), { limitVal: 3 }), runs: [one, two] };
const ended = followStudy(connection, plan, { stop: new AbortController().signal, print: () => {} });
await pause(2000);
const workers = [first, second, third];
const heads = workers.map(({ output }) => output.split('\n').at(-2) ?? '');
const lost = heads.findIndex((line) => line.endsWith('at step 0'));
await workers[lost].kill();
const begin = performance.now();
const others = workers.filter((_, i) => i !== lost);
const lengths = others.map(({ output }) => output.length);
const name = heads[lost].split(' ')[0];
while (!others.some(({ output }, i) => output.slice(lengths[i]).includes(`${name} at step`))) await pause(20);
console.log(
  `a killed worker's run goes on after ${seconds(performance.now() - begin)}; lock and check are ${seconds(quick.lock + quick.check)}`,
);
await ended;
await Promise.all([...others.map((one) => one.kill()), connection.close()]);
await server.kill();
await rm(process.env.YYNET_TESTS, { recursive: true });
