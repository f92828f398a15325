import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, test } from 'vitest';
import { RunFolder } from '../../src/cli/run_folder.ts';
import { Random } from '../../src/data/random.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

/** A small net, 3 epochs of 6 steps, the last of each on a smaller batch. */
const RECIPE = `
data: shapes
channels: 4
body_channels: 4
hidden: 8
dropout: 0.1
epochs: 3
batch_size: 8
limit_train: 44
limit_val: 12
`;

let recipe: string;
/** A run that nothing disturbed. */
let whole: string;
beforeAll(async () => {
  const folder = await temporaryFolder();
  recipe = join(folder, 'recipe.yaml');
  whole = join(folder, 'whole');
  await writeFile(recipe, RECIPE);
  const { code, stderr } = await runCli('train', ['--config', recipe, '--quiet', '--out', whole]);
  expect(stderr).not.toMatch(/error/i);
  expect(code).toBe(0);
});

function start(args: readonly string[], stderr: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  const program = ['scripts/run.mjs', 'src/cli/train.ts', ...args, '--quiet'];
  return spawn(process.execPath, program, { stdio: ['ignore', 'ignore', stderr] });
}

const exit = (child: ChildProcess) => new Promise<number | null>((resolve) => child.on('exit', resolve));

const read = (folder: string, file: string) => readFile(join(folder, file));

async function metrics(folder: string): Promise<object[]> {
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => ({ ...JSON.parse(line), images_per_second: undefined }));
}

/** Resolves when the file is there, or the process ended. */
async function appears(file: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && !(await readFile(file).catch(() => undefined))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('killed at random moments and resumed, a run ends in the same bytes', async () => {
  const out = join(await temporaryFolder(), 'run');
  const random = new Random(Date.now() % 1e6);
  let args = ['--config', recipe, '--out', out];
  for (let kill = 0; kill < 3; kill++) {
    const child = start([...args, '--checkpoint-every', '1']);
    const ended = exit(child);
    await appears(join(out, kill === 0 ? 'config.json' : 'last.safetensors'), child);
    setTimeout(() => child.kill('SIGKILL'), random.uniform(0, 6000));
    await ended;
    args = ['--resume', out];
  }
  const { code, stderr } = await runCli('train', args);
  expect(stderr).not.toMatch(/error/i);
  expect(code).toBe(0);
  expect(await metrics(out)).toEqual(await metrics(whole));
  for (const file of ['last.safetensors', 'best.safetensors']) {
    expect((await read(out, file)).equals(await read(whole, file)), file).toBe(true);
  }
});

test.each([
  ['SIGINT', 130],
  ['SIGHUP', 129],
  ['SIGUSR1', 138],
] as const)('%s finishes the step, writes, and exits with %i', async (signal, code) => {
  const out = join(await temporaryFolder(), 'run');
  const child = start(['--config', recipe, '--out', out, '--checkpoint-every', '1']);
  const ended = exit(child);
  await appears(join(out, 'last.safetensors'), child);
  child.kill(signal);
  expect(await ended).toBe(code);
  const { training } = decodeCheckpoint(await read(out, 'last.safetensors'), [yynet]);
  expect(training!.position.step).toBeGreaterThan(0);
  expect(training!.position.step).toBeLessThan(18);
});

test('a run that is done has nothing left to do', async () => {
  const before = await read(whole, 'last.safetensors');
  const { code, stdout } = await runCli('train', ['--resume', whole]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/all 3 epochs are done/);
  expect((await read(whole, 'last.safetensors')).equals(before)).toBe(true);
});

test('a run at its step limit keeps its results, and resumes with a larger limit', async () => {
  const out = join(await temporaryFolder(), 'run');
  await runCli('train', ['--config', recipe, '--quiet', '--out', out, '--max-steps', '8']);
  const before = await metrics(out);
  expect(before).toMatchObject([{ epoch: 1 }, { epoch: 2, step: 8 }]);
  const limited = await runCli('train', ['--resume', out]);
  expect([limited.code, limited.stdout]).toEqual([
    0,
    expect.stringMatching(/run has taken 8 steps, and its limit is 8; .*--max-steps/),
  ]);
  expect(await metrics(out)).toEqual(before);
  const { code } = await runCli('train', ['--resume', out, '--max-steps', '18', '--quiet']);
  expect(code).toBe(0);
  const wanted = await metrics(whole);
  expect(await metrics(out)).toMatchObject(wanted.map((line) => ({ ...line, best_accuracy: expect.any(Number) })));
});

test('a run whose last checkpoint was lost is refused, and one that came to none begins again', async () => {
  const out = join(await temporaryFolder(), 'run');
  await cp(whole, out, { recursive: true });
  await rm(join(out, 'last.safetensors'));
  const refuse = async () => {
    const { code, stderr } = await runCli('train', ['--resume', out]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/run\/last\.safetensors is missing/)]);
  };
  await refuse();
  expect(await metrics(out)).toEqual(await metrics(whole));
  await rm(join(out, 'curve.svg'));
  await refuse();
  await rm(join(out, 'metrics.jsonl'));
  await refuse();

  // As a full disk leaves it, where the best checkpoint of the first epoch still had room.
  await writeFile(join(out, 'metrics.jsonl'), (await readFile(join(whole, 'metrics.jsonl'), 'utf8')).split('\n')[0]);
  expect((await runCli('train', ['--resume', out, '--quiet'])).code).toBe(0);
  expect(await metrics(out)).toEqual(await metrics(whole));
  expect((await read(out, 'last.safetensors')).equals(await read(whole, 'last.safetensors'))).toBe(true);
});

test('a damaged line of metrics is named before training, one of the epoch under way is written again', async () => {
  const out = join(await temporaryFolder(), 'run');
  await runCli('train', ['--config', recipe, '--quiet', '--out', out, '--max-steps', '8']);
  const file = join(out, 'metrics.jsonl');
  const [first, second] = (await readFile(file, 'utf8')).split('\n');
  const args = ['--resume', out, '--max-steps', '9', '--quiet'];
  await writeFile(file, `${first.slice(0, 20)}\n${second}\n`);
  const last = await read(out, 'last.safetensors');
  const { code, stderr } = await runCli('train', args);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/metrics\.jsonl, line 1 is damaged: .*JSON\.$/m)]);
  expect((await read(out, 'last.safetensors')).equals(last)).toBe(true);

  await writeFile(file, `${first}\n${second.slice(0, 20)}`);
  expect((await runCli('train', args)).code).toBe(0);
  expect(await metrics(out)).toMatchObject([{ epoch: 1 }, { epoch: 2, step: 9 }]);
});

/** A copy of the run that nothing disturbed. */
async function copyOfWhole(): Promise<string> {
  const out = join(await temporaryFolder(), 'run');
  await cp(whole, out, { recursive: true });
  return out;
}

test('while one process has a run, another is refused', async () => {
  const out = await copyOfWhole();
  const { folder } = await RunFolder.open(out);
  const { code, stderr } = await runCli('train', ['--resume', out]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`run is in use by process ${process.pid}`)]);
  await folder.close();
  await (await RunFolder.open(out)).folder.close();
});

test('what killed processes left while they wrote is removed; what others write stays', async () => {
  const out = await copyOfWhole();
  const { pid } = spawn(process.execPath, ['--version'], { stdio: 'ignore' }).on('exit', () => {});
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const left = [`last.safetensors.${pid}.tmp`, `run.lock.0.${pid}.tmp`];
  const others = [`last.safetensors.${process.ppid}.tmp`, `confusion.svg.${pid}.tmp`];
  for (const name of [...left, ...others]) await writeFile(join(out, name), 'half');
  const before = await readdir(whole);
  await (await RunFolder.open(out)).folder.close();
  expect((await readdir(out)).sort()).toEqual([...before, ...others].sort());
});

test('an empty config.json, which a kill leaves, is no run', async () => {
  const out = join(await temporaryFolder(), 'run');
  await mkdir(out);
  await writeFile(join(out, 'config.json'), '');
  await expect(RunFolder.open(out)).rejects.toThrow(/config\.json is empty: .* start it again with --out .*run\.$/);
  const folder = await RunFolder.create(out, { seed: 1 });
  expect(JSON.parse(await readFile(join(out, 'config.json'), 'utf8'))).toEqual({ seed: 1 });
  await folder.close();
});

test('a damaged last checkpoint names the best one, which resumes the run', async () => {
  const out = await copyOfWhole();
  const [last, best] = ['last', 'best'].map((name) => join(out, `${name}.safetensors`));
  await truncate(last, 1000);
  const damaged =
    /last\.safetensors: Truncated .*; copy .*best\.safetensors, which is of step \d+, to last\.safetensors/;
  await expect(RunFolder.open(out)).rejects.toThrow(damaged);
  const whole = await readFile(best);
  await truncate(best, 1000);
  await expect(RunFolder.open(out)).rejects.toThrow(/Truncated .*; start a new run in another folder\.$/);
  await writeFile(last, whole);
  const { folder, checkpoint } = await RunFolder.open(out);
  expect(checkpoint!.training!.position.step).toBeGreaterThan(0);
  await folder.close();
});

test('metrics of no epoch are found before training, and missing ones are told', async () => {
  const out = await copyOfWhole();
  const file = join(out, 'metrics.jsonl');
  const [first, second, third] = (await readFile(file, 'utf8')).split('\n');
  const { folder } = await RunFolder.open(out);
  for (const line of ['null', '[]', '{}', second.replace(/"val_loss":[^,]*/, '"val_loss":null')]) {
    await writeFile(file, `${first}\n${line}\n${third}\n`);
    await expect(folder.dropMetricsFrom(4), line).rejects.toThrow(/line 2 is damaged/);
  }
  await writeFile(file, `${first}\n${third}\n`);
  expect(await folder.dropMetricsFrom(4)).toEqual([2]);
  expect(await folder.dropMetricsFrom(3)).toEqual([2]);
  expect(await readFile(file, 'utf8')).toBe(`${first}\n`);
  await folder.close();
});

test.each<[string, string[], RegExp]>([
  ['a folder without a run', ['--resume', 'no/such/run'], /--resume no\/such\/run.*config\.json/],
  ['a flag that would change the result', ['--resume', 'x', '--lr', '0.1'], /--resume.*--lr/],
  ['a missing recipe', ['--config', 'no/recipe.yaml'], /no\/recipe\.yaml/],
])('%s is one clear sentence', async (_, args, message) => {
  const { code, stderr } = await runCli('train', args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
});

test.each<[string, string, RegExp]>([
  [
    'an unknown setting',
    'epoch: 3',
    /'epoch' in .*recipe\.yaml is not a setting; expected one of .*, epochs, batch_size,.*\.$/m,
  ],
  ['a value out of range', 'batch_size: 0', /'batch_size' in .*wrong/],
  ['a value of another type', 'learningRate: fast', /'learningRate' in .*wrong: invalid type: .*number/],
  ['no mapping', '- 1', /contains no settings/],
  ['no YAML', 'a: [', /cannot be read/],
])('a recipe with %s is one clear sentence', async (_, recipe, message) => {
  const file = join(await temporaryFolder(), 'recipe.yaml');
  await writeFile(file, recipe);
  const { code, stderr } = await runCli('train', ['--config', file]);
  expect(code).toBe(2);
  expect(stderr).toContain(file);
  expect(stderr).toMatch(message);
});

test.each<[string, string, RegExp]>([
  ['a mean for grey pictures', 'mean: [0.5]', /'mean' in the recipe has 1 values, expected 3/],
  ['more padding than picture', 'padding: 32', /'padding' .* got 32 for 32×32/],
  ['pictures no larger than the padding', 'input_size: 4', /'padding' .* got 4 for 4×4/],
])('a recipe with %s is refused, and no folder is left', async (_, recipe, message) => {
  const folder = await temporaryFolder();
  const file = join(folder, 'recipe.yaml');
  await writeFile(file, recipe);
  const { code, stderr } = await runCli('train', ['--config', file, '--out', join(folder, 'run')]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  expect(await readdir(folder)).toEqual(['recipe.yaml']);
});

test('a damaged checkpoint is named, and a full disk leaves the old one whole', async () => {
  const out = join(await temporaryFolder(), 'run');
  const args = ['--config', recipe, '--quiet', '--out', out];
  expect((await runCli('train', [...args, '--max-steps', '2'])).code).toBe(0);
  const last = join(out, 'last.safetensors');
  const before = await readFile(last);
  const full = start(['--resume', out, '--max-steps', '18'], 'pipe');
  const [ended, stderr] = [exit(full), text(full.stderr!)];
  // What a full disk answers: /dev/full in the place of the file that is written first.
  await symlink('/dev/full', `${last}.${full.pid}.tmp`);
  expect(await ended).toBe(2);
  expect(await stderr).toMatch(/last\.safetensors cannot be written: ENOSPC/);
  expect((await readFile(last)).equals(before)).toBe(true);

  await truncate(last, before.length - 100);
  const damaged = await runCli('train', ['--resume', out]);
  expect(damaged.code).toBe(2);
  expect(damaged.stderr).toMatch(/last\.safetensors: .*outside/);
});
