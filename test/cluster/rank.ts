// A rank of stand-in steps: rank.ts PACE LENGTH STEPS. Each of 4 shards is PACE ms of waiting, then a vector of LENGTH
// floats. The first rank prints, as JSON: ms a step; ms of processor time of it that go into neither waiting nor MPI; bytes
// that its host has sent a step.
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { MpiGroup } from '../../src/cli/mpi/group.ts';
import { readLaunch } from '../../src/cli/mpi/launch.ts';
import { loadMpi, type Mpi, type Operation } from '../../src/cli/mpi/library.ts';
import { alone } from '../../src/train/group.ts';

const SHARDS = [0, 1, 2, 3];
const [pace, length, steps] = process.argv.slice(2).map(Number);

/** Milliseconds of processor time while an operation of MPI was under way. */
let inMpi = 0;
let underWay = 0;
let since = 0;

/** Milliseconds of processor time so far: other processes do not count. */
function busy(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function timed(start: () => Operation): Operation {
  if (underWay++ === 0) since = busy();
  const isDone = start();
  return () => {
    if (!isDone()) return false;
    if (--underWay === 0) inMpi += busy() - since;
    return true;
  };
}

const timedMpi = (mpi: Mpi): Mpi => ({
  allToAll: (send, receive) => timed(() => mpi.allToAll(send, receive)),
  allGather: (send, receive) => timed(() => mpi.allGather(send, receive)),
  abort: (code) => mpi.abort(code),
  finalize: () => mpi.finalize(),
});

const launch = readLaunch(process.env);
const together = launch && new MpiGroup(timedMpi(await loadMpi(launch)), launch);
const group = together ?? alone;
const vectors = SHARDS.map((shard) => new Float32Array(length).fill(shard + 1).fill(0, length - 1));
const own = SHARDS.filter((shard) => shard % group.ranks === group.rank);
const sent = async () => Number(await readFile('/sys/class/net/eth0/statistics/tx_bytes', 'utf8').catch(() => 0));

let outside: number[] = [];
let begin = 0;
let bytes = 0;
for (let step = -3; step < steps; step++) {
  if (step === 0) {
    begin = performance.now();
    bytes = await sent();
    outside = [];
  }
  if (pace > 0) await pause(pace * own.length);
  const given = new Map(own.map((shard) => [shard, Promise.resolve(vectors[shard].slice())]));
  const [start, before] = [busy(), inMpi];
  const sum = await group.sum(length, SHARDS, given);
  outside.push(busy() - start - (inMpi - before));
  if (sum[0] !== 10) throw new Error(`sum(): ${sum[0]}`);
}
const ms = (performance.now() - begin) / steps;
const wire = ((await sent()) - bytes) / steps;
const median = outside.sort((a, b) => a - b)[Math.floor(outside.length / 2)];
if (group.rank === 0) console.log(JSON.stringify({ ms, outside: median, wire }));
await together?.close();
