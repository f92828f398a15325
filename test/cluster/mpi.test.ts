import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import sharp from 'sharp';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { version } from '../../package.json';
import { Random } from '../../src/data/random.ts';
import { temporaryFolder } from '../support/cli.ts';
import { Program, program } from './processes.ts';
import { further, type Mpi, Ranks } from './ranks.ts';

/** Three steps an epoch; the last batch has fewer pictures than there are shards. */
const RECIPE =
  'data: shapes\nchannels: 4\nbody_channels: 4\nhidden: 8\nbatch_size: 12\nlimit_train: 27\nlimit_val: 21\nshards: 4\n';

let file: string;
let short: string;
let long: string;
let expected: { readonly short: string; readonly long: string };
const started: Program[] = [];

beforeAll(async () => {
  file = await program('src/cli/train.ts');
  const folder = await temporaryFolder();
  [short, long] = [join(folder, 'short.yaml'), join(folder, 'long.yaml')];
  await writeFile(short, `${RECIPE}epochs: 2\n`);
  await writeFile(long, `${RECIPE}epochs: 40\n`);
  const alone = async (recipe: string) => {
    const out = join(await temporaryFolder(), 'run');
    await finished(new Program(file, ['--config', recipe, '--out', out, '--quiet'], {}));
    return hashOf(out);
  };
  expected = { short: await alone(short), long: await alone(long) };
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.kill()));
});

function start(mpi: Mpi, ranks: number, args: string[], options: ConstructorParameters<typeof Ranks>[4] = {}): Ranks {
  const one = new Ranks(mpi, ranks, file, args, options);
  started.push(one);
  return one;
}

async function finished(one: Program): Promise<void> {
  expect(await one.ended, one.output).toBe(0);
}

async function hashOf(out: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(out, 'last.safetensors')))
    .digest('hex');
}

/** Waits until a run has written a checkpoint since `begin`. */
async function checkpoint(out: string, one: Program, begin = 0): Promise<void> {
  const written = () =>
    stat(join(out, 'last.safetensors')).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  while ((await written()) <= begin) {
    if (!one.running) throw new Error(`It ended: ${one.output}`);
    await pause(20);
  }
}

test('any number of ranks, on Open MPI over TCP and on MPICH, ends with the bits of one process', async () => {
  const [first, second] = [join(await temporaryFolder(), 'run'), join(await temporaryFolder(), 'run')];
  const four = start('Open MPI', 4, ['--config', short, '--out', first], { options: ['--mca', 'btl', 'tcp,self'] });
  await finished(four);
  expect(four.output).toContain('4 ranks train 4 shards');
  expect(await hashOf(first)).toBe(expected.short);
  await finished(start('MPICH', 3, ['--config', short, '--out', second, '--quiet']));
  expect(await hashOf(second)).toBe(expected.short);
});

test('killed 20 times and resumed by other numbers of ranks, a run ends with the same bits', async () => {
  const out = join(await temporaryFolder(), 'run');
  const random = new Random(Date.now() % 2 ** 32);
  let args = ['--config', long, '--out', out];
  for (let kills = 0; kills < 20; kills++) {
    const mpi = kills % 2 === 0 ? 'Open MPI' : 'MPICH';
    const ranks = 2 + (random.int(4) === 0 ? 1 + random.int(2) : 0);
    const begin = Date.now();
    const one = start(mpi, ranks, [...args, '--checkpoint-every', '1', '--quiet']);
    await checkpoint(out, one, begin);
    await pause(random.int(150));
    await one.signalRank(random.int(ranks), 'SIGKILL');
    const killed = performance.now();
    expect(await one.ended, one.output).not.toBe(0);
    await one.gone();
    expect(performance.now() - killed).toBeLessThan(10_000);
    args = ['--resume', out];
  }
  await finished(new Program(file, [...args, '--quiet'], {}));
  expect(await hashOf(out)).toBe(expected.long);
}, 600_000);

/** Makes each rank print its exit code. */
const PRINT_CODE = encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', (code) => writeSync(2, 'exit code ' + code + '\\n'));",
);

test.each([
  ['Open MPI', 'SIGUSR1', 138, [138]],
  // MPICH's mpirun now and then returns 0 where its ranks exit with 143.
  ['MPICH', 'SIGTERM', 143, [143, 0]],
] as const)(
  '%s: %s to mpirun or to one rank stops all ranks after the same step, with a checkpoint',
  async (mpi, signal, code, codes) => {
    const options = { env: { NODE_OPTIONS: `--import data:text/javascript,${PRINT_CODE}` } };
    const out = join(await temporaryFolder(), 'run');
    const all = start(mpi, 2, ['--config', long, '--out', out], options);
    await checkpoint(out, all);
    all.signal(signal);
    expect(codes, all.output).toContain(await all.ended);
    expect(all.output).toContain(`exit code ${code}\n`);
    expect(all.output).toMatch(/^Stopped after step \d+, saved to /m);
    const one = start(mpi, 3, ['--resume', out, '--max-steps', '40'], options);
    await checkpoint(out, one, Date.now());
    await one.signalRank(1, signal);
    // mpirun has that of the rank which ends first; the others have that of SIGTERM.
    expect([...codes, 143], one.output).toContain(await one.ended);
    expect(one.output).toContain(`exit code ${code}\n`);
    expect(one.output).toMatch(/^Stopped after step \d+, saved to /m);
    await finished(new Program(file, ['--resume', out, '--quiet'], {}));
    expect(await hashOf(out)).toBe(expected.long);
  },
);

test('a rank that sleeps for a while changes nothing; one that does not answer ends all with one line', async () => {
  const out = join(await temporaryFolder(), 'run');
  const one = start('Open MPI', 2, ['--config', long, '--out', out, '--link-timeout', '3', '--json']);
  await checkpoint(out, one);
  await one.signalRank(1, 'SIGSTOP');
  await pause(1500);
  const epochs = one.output.split('\n').length;
  await one.signalRank(1, 'SIGCONT');
  while (one.output.split('\n').length < epochs + 2) await pause(20);
  await one.signalRank(1, 'SIGSTOP');
  const begin = performance.now();
  expect(await one.ended, one.output).not.toBe(0);
  expect(performance.now() - begin).toBeLessThan(8000);
  expect(one.messages).toHaveLength(1);
  expect(one.messages[0]).toMatch(
    /^yy-train: the other ranks have not answered for 3 seconds\. The last checkpoint is /,
  );
  await finished(start('MPICH', 2, ['--resume', out, '--quiet']));
  expect(await hashOf(out)).toBe(expected.long);
});

/** Expects that the ranks end soon, with one line. */
async function expectEnd(one: Ranks, message: RegExp): Promise<void> {
  await one.printed('yy-train: ');
  const begin = performance.now();
  expect(await one.ended, one.output).not.toBe(0);
  expect(performance.now() - begin).toBeLessThan(5000);
  expect(one.messages).toHaveLength(1);
  expect(one.messages[0]).toMatch(message);
  expect(one.output).not.toMatch(/^ +at /m);
}

test('ranks with other recipes, flags, yynet, adapters or data end with one line that names the difference', async () => {
  const folder = await temporaryFolder();
  const out = join(folder, 'run');
  const args = ['--config', short, '--out', out, '--quiet'];
  const differing = (mpi: Mpi, ...more: string[]) => start(mpi, 1, [...args, ...further(file, ...args, ...more)]);
  await expectEnd(
    differing('Open MPI', '--lr', '0.1'),
    /^yy-train: Rank 1 differs from rank 0 in learning_rate: 0.1, not 0.01\.$/,
  );
  await expectEnd(
    differing('MPICH', '--checkpoint-every', '2'),
    /Rank 1 differs from rank 0 in --checkpoint-every: 2, not null\.$/,
  );
  await expectEnd(
    differing('MPICH', '--adapter', 'swiftshader'),
    /Rank 1 differs from rank 0 in the adapter: ".*SwiftShader.*", not "/,
  );

  const other = file.replace('main.mjs', 'other.mjs');
  await writeFile(other, (await readFile(file, 'utf8')).replace(`"${version}"`, '"9.9.9"'));
  const versions = start('Open MPI', 1, [...args, ...further(other, ...args)]);
  await expectEnd(versions, /Rank 1 differs from rank 0 in the version of yynet: "9.9.9", not "/);

  const [here, there] = ['here', 'there'].map((name) => join(folder, name));
  for (const [i, data] of [here, there].entries()) {
    for (const name of ['dark', 'light']) {
      await mkdir(join(data, name), { recursive: true });
      for (let picture = 0; picture < 8; picture++) {
        const background = { r: 20 * picture, g: name === 'dark' ? 9 : 200, b: picture === 7 ? i : 0 };
        const image = sharp({ create: { width: 32, height: 32, channels: 3, background } });
        await image.png().toFile(join(data, name, `${picture}.png`));
      }
    }
  }
  const own = (data: string) => ['--data', data, '--batch-size', '4', '--shards', '2', '--out', out, '--quiet'];
  const data = start('MPICH', 1, [...own(here), ...further(file, ...own(there))]);
  await expectEnd(data, /Rank 1 differs from rank 0 in the (training|validation) pictures: "\w+", not "\w+"\.$/);
  const missing = start('Open MPI', 1, [...own(here), ...further(file, ...own(join(folder, 'none')))]);
  await expectEnd(missing, /^yy-train: rank 1: .*none/);
  await expect(stat(out)).rejects.toThrow('ENOENT');
});

test('ranks without shards, and a rank without koffi, end with one line', async () => {
  const out = join(await temporaryFolder(), 'run');
  const many = start('Open MPI', 5, ['--config', short, '--out', out]);
  await expectEnd(many, /^yy-train: 5 ranks need at least as many shards, but the recipe has 4: /);
  const hook = `export const resolve = (name, context, next) => {
    if (name === 'koffi') throw Object.assign(new Error('no ' + name), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  }`;
  const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = url(`import { register } from 'node:module'; register(${JSON.stringify(url(hook))});`);
  for (const mpi of ['Open MPI', 'MPICH'] as const) {
    const one = start(mpi, 2, ['--config', short, '--out', out], { env: { NODE_OPTIONS: `--import "${register}"` } });
    expect(await one.ended).not.toBe(0);
    // Open MPI ends the other ranks before they say it too, MPICH does not.
    expect(new Set(one.messages)).toEqual(
      new Set(['yy-train: Training on several ranks needs a package: npm install koffi.']),
    );
  }
});

test('a loss that is not finite, and a folder that cannot be written, end all ranks with one line', async () => {
  const out = join(await temporaryFolder(), 'run');
  const diverging = start('MPICH', 2, ['--config', long, '--lr', '1e20', '--out', out, '--quiet']);
  await expectEnd(diverging, /^yy-train: At step \d+ (the loss|a gradient) was not finite, and training stopped\./);
  await rm(out, { recursive: true, force: true });
  const one = start('Open MPI', 2, ['--config', long, '--out', out, '--quiet']);
  await checkpoint(out, one);
  await rm(out, { recursive: true });
  await writeFile(out, 'no folder');
  await expectEnd(one, /^yy-train: .*(metrics\.jsonl|last\.safetensors)/);
});
