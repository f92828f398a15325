import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openData } from '../../src/data/data-folder.ts';
import { fingerprint } from '../../src/data/fingerprint.ts';
import { Classifier } from '../../src/inference/classifier.ts';
import { encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { small, writeRun } from '../support/checkpoint.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';

test('scores a run on the data and within the limits of its config.json, and draws what was taken for what', async () => {
  const run = await writeRun();
  const report = join(run, 'report.html');
  const epoch = { step: 5, train_loss: 1, train_accuracy: 0.5, val_loss: 1, val_accuracy: 0.5, best_accuracy: 0.5 };
  const lines = [1, 2].map((i) => JSON.stringify({ ...epoch, epoch: i, learning_rate: 0.1, weight_decay: 0 }));
  await writeFile(join(run, 'metrics.jsonl'), `${lines.join('\n')}\n`);
  const { code, stdout, stderr } = await runCli('eval', [run, '--json', '--quiet', '--report', report]);
  expect([code, stderr.replaceAll(/^Warning: .*\n/gm, '')]).toEqual([0, '']);
  const { validation } = await openData('shapes', { inputSize: 32, limitVal: 20 });
  const classifier = await Classifier.create(await testDevice(), small, 8);
  const { loss, confusion } = await classifier.evaluate(validation);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ data: 'shapes', pictures: 20, accuracy: confusion.accuracy });
  expect(result.loss).toBeCloseTo(loss, 6);
  expect(result.classes).toEqual(confusion.classes);
  expect(result.confusion.flat()).toEqual([...confusion.counts]);
  expect(result.files).toEqual([...['confusion.svg', 'confusion.png'].map((name) => join(run, name)), report]);
  expect(await readFile(join(run, 'confusion.svg'), 'utf8')).toMatch(/^<svg.*>red disc<.*<\/svg>\s*$/s);
  const html = await readFile(report, 'utf8');
  expect(html.match(/<img src="data:image\/png;base64,/g)).toHaveLength(20 - Math.round(20 * confusion.accuracy));
  expect(html).toMatch(/<h2>Training<\/h2>\s*<div class="curves"><svg/);
  expect((await readFile(join(run, 'confusion.png'))).toString('latin1', 1, 4)).toBe('PNG');
});

test('prints tables for a person, and takes flags before the run', async () => {
  const run = await writeRun();
  const out = await temporaryFolder();
  const { code, stdout } = await runCli('eval', [run, '--limit-val', '11', '--batch-size', '4', '--out', out]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/last\.safetensors on shapes: 11 pictures\n\naccuracy \d+\.\d\d %, loss \d/);
  expect(stdout).toMatch(/^\| red disc +\| +2 \|/m);
  expect(stdout).toMatch(/^\| 0 red disc +\|/m);
  expect(stdout).toContain(join(out, 'confusion.png'));
});

test('prints the score even where no pictures can be written, and then says so', async () => {
  const run = await writeRun();
  const out = join(run, 'config.json');
  for (const json of [[], ['--json']]) {
    const { code, stdout, stderr } = await runCli('eval', [run, '--limit-val', '3', '--quiet', '--out', out, ...json]);
    expect([code, stderr.replaceAll(/^Warning: .*\n/gm, '')]).toEqual([
      2,
      expect.stringMatching(/^yy-eval: .*confusion\.svg cannot be written: .*\n$/),
    ]);
    expect(stdout).toMatch(json.length > 0 ? /"accuracy":.*"files":\[\]}\n$/ : /accuracy \d+\.\d\d %, loss \d.*\S\n$/s);
  }
});

test('warns where the pictures trained on are not those of the data any more', async () => {
  const { train } = await openData('shapes', { inputSize: 32, limitTrain: 30 });
  const run = await writeRun({ ...small, fingerprint: await fingerprint(train) });
  for (const [limitTrain, warnings] of [
    [30, []],
    [40, [expect.stringMatching(/^shapes or its split has changed since training: .*\.$/)]],
  ] as const) {
    const config = { data: 'shapes', limit_train: limitTrain, limit_val: 3 };
    await writeFile(join(run, 'config.json'), JSON.stringify(config));
    const { code, stderr } = await runCli('eval', [run]);
    expect(code).toBe(0);
    expect(stderr.split('\n').filter((line) => line.includes('training'))).toEqual(warnings);
  }
});

/** Folders of one picture each, which no class of `shapes` is called as, and a file that is none. */
async function otherClasses(): Promise<string> {
  const folder = await temporaryFolder();
  const { default: sharp } = await import('sharp');
  for (const name of ['train/cat', 'train/dog', 'val/cat', 'val/dog']) {
    await mkdir(join(folder, name), { recursive: true });
    const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } });
    await picture.png().toFile(join(folder, name, 'a.png'));
  }
  await writeFile(join(folder, 'train/cat/b.png'), 'no picture');
  return folder;
}

const damage: [string, (run: string) => Promise<string[]>, RegExp][] = [
  [
    'a report that would replace a checkpoint',
    async (run) => [run, '--report', join(run, 'last.safetensors')],
    /--report.*ends in \.html, got '.*last\.safetensors'/,
  ],
  ['a path that is not there', async () => ['no/such/run'], /no\/such\/run does not exist; expected a checkpoint/],
  [
    'no data set',
    async (run) => {
      await rm(join(run, 'config.json'));
      return [run];
    },
    /no config\.json beside .*last\.safetensors; expected --data/,
  ],
  [
    'data of other classes, of whose files --quiet does not tell that some are no pictures',
    async (run) => [run, '--quiet', '--data', await otherClasses()],
    /val\/cat is not a class of the net; expected one of red disc, /,
  ],
  [
    'a truncated checkpoint',
    async (run) => {
      const file = join(run, 'last.safetensors');
      await writeFile(file, encodeCheckpoint(small).subarray(0, 5000));
      return [file];
    },
    /last\.safetensors: /,
  ],
  [
    'a net of pictures that no file has',
    async (run) => {
      const recipe = { ...small.recipe, mean: [0, 0], std: [1, 1] };
      const config = { ...small.config, inputChannels: 2 };
      const weight = { shape: [4, 2, 3, 3], data: new Float32Array(72) };
      const shortcut = { shape: [4, 2, 1, 1], data: new Float32Array(8) };
      const state = { ...small.state, 'yang.0.conv1.weight': weight, 'yang.0.shortcut.weight': shortcut };
      await writeFile(join(run, 'last.safetensors'), encodeCheckpoint({ ...small, config, recipe, state }));
      return [run];
    },
    /pictures of 2 channels, but files have 1 or 3/,
  ],
];

test.each(damage)('%s is one clear sentence', async (_, prepare, message) => {
  const { code, stderr, stdout } = await runCli('eval', await prepare(await writeRun()));
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
