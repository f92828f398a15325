// What bench/cluster.js runs for one net on several ranks.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNodeDevice } from '../../src/runtime/node.ts';
import { Hosts } from './namespaces.ts';
import { Program, program } from './processes.ts';
import { launchers } from './ranks.ts';

process.env.YYNET_TESTS = await mkdtemp(join(tmpdir(), 'yynet-bench-'));
const file = await program('test/cluster/rank.ts');
const hosts = await Hosts.create(4);
console.log(hosts ? 'four namespaces, each with a link of 1 Gb/s' : 'loopback: this machine allows no namespaces');

interface Figures {
  readonly ms: number;
  readonly outside: number;
  readonly wire: number;
}

/** Takes stand-in steps on ranks of Open MPI. */
async function steps(ranks: number, pace: number, length: number, count: number): Promise<Figures> {
  const local = [...launchers['Open MPI'], '-n', String(ranks)];
  const launcher = ranks === 1 ? [] : (hosts?.launcher(ranks) ?? local);
  const env = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', NO_COLOR: '1' };
  const one = new Program(file, [pace, length, count].map(String), env, launcher);
  if ((await one.ended) !== 0) throw new Error(one.output);
  return JSON.parse(one.output.split('\n').find((line) => line.startsWith('{'))!);
}

/** Milliseconds of processor time to write a sum of `length` floats to the GPU. */
async function writeBack(length: number): Promise<number> {
  const device = await openNodeDevice();
  const tensor = device.upload(new Float32Array(length), [length]);
  await device.done();
  const times: number[] = [];
  for (let i = 0; i < 30; i++) {
    const sum = new Float32Array(length).fill(i);
    const begin = process.cpuUsage();
    device.write(tensor, sum);
    const { user, system } = process.cpuUsage(begin);
    times.push((user + system) / 1000);
    await device.done();
  }
  device.destroy();
  return times.sort((a, b) => a - b)[15];
}

const nets = { 'YYNet-16': 60_992, 'ImageNet preset': 1_641_536 };
for (const [name, length] of Object.entries(nets)) {
  const written = await writeBack(length);
  for (const ranks of [1, 2, 4]) {
    const { ms, outside, wire } = await steps(ranks, 0, length, 30);
    const least = ((2 * (ranks - 1)) / ranks) * 4 * length * (ranks === 4 ? 1 : 0);
    const bytes = hosts && least ? `, sent ${wire.toFixed(0)} B a rank, ${(wire / least).toFixed(3)} × the least` : '';
    console.log(
      `${name}, ${ranks} ranks: exchange ${ms.toFixed(1)} ms a step; own cost ${(outside + written).toFixed(2)} ms${bytes}`,
    );
  }
}
for (const pace of [75, 300]) {
  const alone = (await steps(1, pace, nets['YYNet-16'], 20)).ms;
  for (const ranks of [2, 4]) {
    const { ms } = await steps(ranks, pace, nets['YYNet-16'], 20);
    console.log(
      `${pace} ms a shard, ${ranks} ranks: ${ms.toFixed(0)} ms a step, ${((100 * alone) / (ranks * ms)).toFixed(1)} % efficient`,
    );
  }
}
await hosts?.remove();
await rm(process.env.YYNET_TESTS, { recursive: true });
