import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodePicture } from '../../src/data/decode-file.ts';
import { shapes } from '../../src/data/shapes.ts';
import { calibrate } from '../../src/inference/calibrate.ts';
import { Classifier, softmax } from '../../src/inference/classifier.ts';
import { small, writeRun } from '../support/checkpoint.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';

/** Pictures of one colour each; broken.jpg is none. */
async function pictures(): Promise<string[]> {
  const folder = await temporaryFolder();
  const files = ['red.jpg', 'lime.png', 'broken.jpg'].map((name) => join(folder, name));
  for (const [i, background] of ['red', 'lime'].entries()) {
    await sharp({ create: { width: 50, height: 40, channels: 3, background } }).toFile(files[i]);
  }
  await writeFile(files[2], 'no picture');
  return files;
}

const calibrated = { ...small, calibration: { temperature: 3 } };

/** The probabilities of a picture's classes by that net, the largest first. */
async function probabilities(file: string): Promise<number[]> {
  const classifier = await Classifier.create(await testDevice(), small, 1);
  const pixels = await decodePicture(file, { size: 32, channels: 3 });
  return [...softmax(await classifier.logits(pixels, 1), 3)].sort((a, b) => b - a);
}

test('tells the most probable classes of each picture in order, and names those that are none', async () => {
  const [red, lime, broken] = await pictures();
  const run = await writeRun(calibrated);
  const args = [run, red, broken, lime, '--json', '--top', '4', '--batch-size', '2', '--quiet'];
  const { code, stdout, stderr } = await runCli('predict', args);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^yy-predict: .*broken\.jpg cannot be read as a picture and is skipped: .+$/m);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ image }) => image)).toEqual([red, lime]);
  for (const { image, predictions } of lines) {
    const want = (await probabilities(image)).slice(0, 4);
    expect(predictions).toHaveLength(4);
    for (const [i, { probability, class: name }] of predictions.entries()) {
      expect(probability).toBeCloseTo(want[i], 5);
      expect(small.classNames).toContain(name);
    }
  }
});

test('the net of the package is there by its name', async () => {
  const [red] = await pictures();
  const { code, stdout, stderr } = await runCli('predict', ['cifar10-yynet-16', red, '--json', '--quiet']);
  expect(code, stderr).toBe(0);
  const { predictions } = JSON.parse(stdout);
  const names = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
  for (const { class: name } of predictions) expect(names).toContain(name);
});

test('each of many broken pictures has its own reason', async () => {
  const folder = await temporaryFolder();
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const png = await sharp({ create: { width: 200, height: 200, channels: 3, background: 'red', noise } })
    .png()
    .toBuffer();
  const files = Array.from({ length: 60 }, (_, i) => join(folder, `${i}.png`));
  const isCut = (i: number) => i % 4 === 0;
  for (const [i, file] of files.entries()) await writeFile(file, isCut(i) ? png.subarray(0, png.length / 2) : png);
  const { stderr } = await runCli('predict', [await writeRun(), ...files, '--batch-size', '60', '--quiet']);
  expect(stderr.match(/is skipped: damaged picture: vipspng: libpng read error$/gm)).toHaveLength(15);
});

/** That net as it knows which pictures are like shapes: those of one colour are not. */
const knowing = async () => ({
  ...small,
  calibration: await calibrate(await testDevice(), small, shapes({ train: 60, validation: 30 }), 8),
});

test('reads paths from stdin, and prints a line for a person', async () => {
  const [red, lime] = await pictures();
  const { code, stdout } = await runCli('predict', [await writeRun(await knowing()), '-'], {}, `${red}\n\n${lime}\n`);
  expect(code).toBe(0);
  const [first, second, ...rest] = stdout.trim().split('\n');
  expect(first).toMatch(
    /red\.jpg: \w+ \w+ \d+\.\d %, \w+ \w+ \d+\.\d %, \w+ \w+ \d+\.\d % \(unlike the training pictures\)$/,
  );
  expect(second).toContain(lime);
  expect(rest).toEqual([]);
});

test('--csv prints a table, of a folder, too', async () => {
  const [red] = await pictures();
  const folder = dirname(red);
  await rename(red, join(folder, 'red, "ripe".jpg'));
  const { code, stdout } = await runCli('predict', [
    await writeRun(await knowing()),
    folder,
    '--csv',
    '--top',
    '2',
    '--quiet',
  ]);
  expect(code).toBe(1);
  const [head, first, second, ...rest] = stdout.trim().split('\n');
  expect(head).toBe('image,class 1,probability 1,class 2,probability 2,unlike,distance');
  expect(first).toMatch(/lime\.png,\w+ \w+,0\.\d+,\w+ \w+,[\d.e-]+,true,[\d.]+$/);
  expect(second).toMatch(/^".*\/red, ""ripe""\.jpg",/);
  expect(rest).toEqual([]);
});

test.each<[string, string[], RegExp]>([
  ['a checkpoint that is not there', ['no/such.safetensors', 'a.jpg'], /no\/such\.safetensors does not exist/],
  ['no picture', ['last.safetensors'], /missing required argument 'images'/],
  ['an empty list', ['RUN', '-'], /Stdin lists no pictures/],
  ['no class at all', ['RUN', 'a.jpg', '--top', '0'], /--top.*at least 1/s],
])('%s is one clear sentence', async (_, args, message) => {
  const run = await writeRun();
  const { code, stderr } = await runCli(
    'predict',
    args.map((arg) => arg.replace('RUN', run)),
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
});
