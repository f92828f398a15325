import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCheckpoint } from '../../src/cli/checkpoint_file.ts';
import { MpiCrew } from '../../src/cli/mpi/crew.ts';
import { readLaunch } from '../../src/cli/mpi/launch.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { groupOf } from '../support/group.ts';

test('launchers of MPI are known by their environment, and one process alone is none', () => {
  expect(readLaunch({})).toBeUndefined();
  expect(readLaunch({ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1' })).toBeUndefined();
  expect(readLaunch({ SLURM_PROCID: '1', SLURM_STEP_NUM_TASKS: '4' })).toBeUndefined();
  expect(readLaunch({ OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' })).toMatchObject({ rank: 1, ranks: 4 });
  expect(readLaunch({ PMI_RANK: '0', PMI_SIZE: '2' })).toMatchObject({ rank: 0, ranks: 2 });
  expect(readLaunch({ PMIX_RANK: '2', SLURM_STEP_NUM_TASKS: '3' })).toMatchObject({ rank: 2, ranks: 3 });
});

const vectorOf = (shard: number) => Float32Array.from({ length: 10 }, (_, i) => (i < 9 ? (shard + 1) ** i / 7 : 0));

/** The sum of vectors of some shards on several ranks. */
async function sumOn(ranks: number, shards: readonly number[]): Promise<Float32Array[]> {
  const groups = groupOf(ranks);
  return Promise.all(
    groups.map((group) => {
      const own = shards.filter((shard) => shard % ranks === group.rank);
      return group.sum(10, shards, new Map(own.map((shard) => [shard, Promise.resolve(vectorOf(shard))])));
    }),
  );
}

test('sums are added in the order of the shards, whoever has them, also where a rank has none', async () => {
  for (const shards of [[0, 1, 2, 3, 4, 5, 6], [1, 3], [5]]) {
    const expected = new Float32Array(10);
    for (const shard of shards) for (const [i, value] of vectorOf(shard).entries()) expected[i] += value;
    for (const ranks of [1, 2, 3, 4]) {
      for (const sum of await sumOn(ranks, shards)) expect([...sum], `${ranks} ranks`).toEqual([...expected]);
    }
  }
});

test('what one rank is told to stop by stops all after the same operation', async () => {
  const groups = groupOf(3);
  const own = groups.map(() => new AbortController());
  const agreed = groups.map((group, i) => group.listen(own[i].signal));
  const sum = () =>
    Promise.all(groups.map((group) => group.sum(10, [0, 1, 2], new Map([[group.rank, Promise.resolve(vectorOf(0))]]))));
  await sum();
  own[1].abort(138);
  expect(agreed.map(({ aborted }) => aborted)).toEqual([false, false, false]);
  await sum();
  expect(agreed.map(({ aborted, reason }) => aborted && reason)).toEqual([143, 138, 143]);

  const others = groupOf(2);
  const stop = new AbortController();
  const signals = others.map((group) => group.listen(stop.signal));
  stop.abort(130);
  await Promise.all(others.map((group) => group.gather(Float32Array.of(group.rank))));
  expect(signals.map(({ reason }) => reason)).toEqual([130, 130]);
});

test('numbers of all ranks are gathered by rank', async () => {
  const gathered = await Promise.all(groupOf(3).map((group) => group.gather(new Float32Array(group.rank).fill(7))));
  for (const all of gathered) expect(all.map((values) => [...values])).toEqual([[], [7], [7, 7]]);
});

test('a rank that does not answer in time is an error', async () => {
  const [group] = groupOf(2);
  group.patience = 300;
  const begin = performance.now();
  await expect(group.gather(new Float32Array(1))).rejects.toThrow(
    /^the other ranks have not answered for \d seconds\.$/,
  );
  expect(performance.now() - begin).toBeGreaterThan(290);
});

test('a difference is told on all ranks, and so is an error of one', async () => {
  const crews = groupOf(3).map((group) => new MpiCrew(group));
  const messages = async (work: (crew: MpiCrew) => Promise<unknown>) =>
    (await Promise.allSettled(crews.map(work))).map((outcome) => (outcome as PromiseRejectedResult).reason?.message);
  const facts = (rank: number) => ({
    adapter: 'a',
    learning_rate: rank === 1 ? 0.1 : 0.01,
    limit: rank === 0 ? undefined : 5,
  });
  const same = await Promise.allSettled(crews.map((crew) => crew.compare(async () => facts(0))));
  expect(same.every(({ status }) => status === 'fulfilled')).toBe(true);
  expect(await messages((crew) => crew.compare(async () => facts(crew.group.rank)))).toEqual(
    Array(3).fill('Rank 1 differs from rank 0 in learning_rate: 0.1, not 0.01.'),
  );
  expect(await messages((crew) => crew.compare(async () => facts(crew.group.rank > 0 ? 2 : 0)))).toEqual(
    Array(3).fill('Rank 1 differs from rank 0 in limit: 5, not null.'),
  );
  const failing = (rank: number) => (crew: MpiCrew) =>
    crew.group.rank === rank ? crew.fail(new UserError('no data.')) : crew.meet(null);
  expect(await messages(failing(2))).toEqual(Array(3).fill('rank 2: no data.'));
});

test('data are opened on the first rank before the others', async () => {
  const order: number[] = [];
  const open = (rank: number) => async () => {
    await new Promise((done) => setTimeout(done, rank === 0 ? 50 : 0));
    return order.push(rank);
  };
  await Promise.all(groupOf(3).map((group) => new MpiCrew(group).inTurn(open(group.rank))));
  expect(order[0]).toBe(0);
});

test('ranks without shards are refused, and --profile', async () => {
  const rank = { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '3' };
  const out = await temporaryFolder();
  expect(await runCli('train', ['--shards', '2', '--out', out], rank)).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'yy-train: 3 ranks need at least as many shards, but the recipe has 2: start fewer, or a new run with --shards 3.\n',
  });
  const { code, stderr } = await runCli('train', ['--profile', '1', '--shards', '3', '--out', out], rank);
  expect([code, stderr]).toEqual([
    2,
    'yy-train: --profile times one process, so it cannot be started by mpirun or srun.\n',
  ]);
});

test('one process trains all shards without koffi', async () => {
  const hook = `export const resolve = (name, context, next) => {
    if (name === 'koffi') throw new Error('koffi is loaded');
    return next(name, context);
  }`;
  const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = url(`import { register } from 'node:module'; register(${JSON.stringify(url(hook))});`);
  const out = join(await temporaryFolder(), 'run');
  const sizes = ['--batch-size', '4', '--limit-train', '8', '--limit-val', '4', '--epochs', '1'];
  const { code, stderr } = await runCli('train', ['--shards', '2', ...sizes, '--out', out, '--json'], {
    NODE_OPTIONS: `--import "${register}"`,
    ...{ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1' },
  });
  expect(code, stderr).toBe(0);
  expect(JSON.parse(await readFile(join(out, 'config.json'), 'utf8'))).toMatchObject({ shards: 2, batch_size: 4 });
  expect((await readCheckpoint(join(out, 'last.safetensors'))).recipe.shards).toBe(2);
});
