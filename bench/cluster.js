// node bench/cluster.js [queue|mpi]: a study of stand-in runs over a queue: how well two workers share it, and how soon a lost
// worker's run goes on; and stand-in steps of one net on several ranks of MPI: bytes, own cost, efficiency. Starts
// redis-server and mpirun itself.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const programs = { queue: 'test/cluster/bench.ts', mpi: 'test/cluster/mpi_bench.ts' };
const [, , only] = process.argv;
for (const name of only ? [only] : Object.keys(programs)) {
  const { status } = spawnSync(process.execPath, ['scripts/run.mjs', programs[name]], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
