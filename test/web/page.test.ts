import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { zipSync } from 'fflate';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageSize } from '../../src/data/dataset.ts';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { rankClasses } from '../../src/inference/classifier.ts';
import type { ClassProbability } from '../../src/inference/prediction.ts';
import { percent } from '../../src/report/format.ts';
import { encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { shapesRecipe } from '../../src/train/recipe.ts';
import { learntState } from '../interop/net.ts';
import { readOnnx } from '../interop/onnx_file.ts';
import { small } from '../support/checkpoint.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { folderOfShapes, png } from './files.ts';
import { beginVisit, drop, loseDevices, paste, tabTo, type Visit, WITHOUT_WEBGPU } from './visit.ts';

env.wasm.numThreads = 1; // more would need workers

// One visit, from the first look at the page to the last: each test goes on where the one before it ended.

/** In milliseconds, for what an adapter on the CPU takes its time for. */
const PATIENCE = 400_000;

let folder: string;
let visit: Visit;
let page: Page;
let status: Locator;
let alert: Locator;
let accuracy: Locator;

beforeAll(async () => {
  folder = await temporaryFolder();
  visit = await beginVisit();
  page = visit.page;
  page.setDefaultTimeout(60_000);
  status = page.locator('#status');
  alert = page.locator('#alert');
  accuracy = page.locator('#figure-accuracy');
});

afterAll(async () => {
  await visit?.end();
  await rm(folder, { recursive: true, force: true });
});

const button = (name: string) => page.getByRole('button', { name, exact: true });
const inWords = ({ class: name, probability }: ClassProbability) => `${name} ${percent(probability)}`;
/** What the page takes a picture for: the classes it names, likeliest first, each as `name 12.3 %`. */
const guesses = () =>
  page
    .locator('#guesses li')
    .evaluateAll((lines) => lines.map(({ children }) => `${children[0].textContent} ${children[1].textContent}`));
const says = (what: Locator, text: RegExp, timeout = 60_000) =>
  expect.poll(() => what.textContent(), { timeout, interval: 100 }).toMatch(text);

/** Small enough for an adapter that runs on the CPU. */
const SETTINGS = { channels: '4', epochs: '4', learningRate: '0.02', seed: '3' };

test('the keyboard alone trains shapes to at least 90 %, with a pause', { timeout: 2 * PATIENCE }, async () => {
  await expect.poll(() => button('Train').isEnabled(), { timeout: 60_000 }).toBe(true);
  expect(await page.getByText('Learning rate').first().isVisible()).toBe(false);
  await tabTo(page.getByLabel('Expert view'));
  await page.keyboard.press('Space');
  await tabTo(page.getByText('Change the settings'));
  await page.keyboard.press('Enter');
  for (const [name, value] of Object.entries(SETTINGS)) {
    const field = page.locator(`[name=${name}]`);
    await tabTo(field);
    if (name !== 'channels') await page.keyboard.press('Control+A');
    await page.keyboard.type(value);
    expect(await field.inputValue()).toBe(value);
  }
  await page.keyboard.press('Enter');
  await says(status, /Training started|Epoch 1/);
  await tabTo(button('Pause'));
  await page.keyboard.press('Space');
  await says(status, /Paused/);
  const progress = page.getByLabel('Training progress');
  // The step under way ends, and no other one begins.
  const moved = async () => {
    const before = await progress.getAttribute('value');
    await page.waitForTimeout(1000);
    return before !== (await progress.getAttribute('value'));
  };
  await expect.poll(moved, { timeout: 30_000 }).toBe(false);
  await tabTo(button('Resume'));
  await page.keyboard.press('Space');
  await says(status, /Training resumed|Epoch/);
  await says(status, /Training finished/, PATIENCE);
  expect(Number.parseFloat((await accuracy.textContent())!)).toBeGreaterThanOrEqual(90);
});

test('yy-eval gives a saved checkpoint the same accuracy', { timeout: PATIENCE }, async () => {
  const saving = page.waitForEvent('download');
  await button('Save the net').click();
  const file = join(folder, 'yynet.safetensors');
  await (await saving).saveAs(file);
  const { stdout, stderr } = await runCli('eval', [file, '--data', 'shapes', '--adapter', 'swiftshader', '--json']);
  expect(stdout, stderr).not.toBe('');
  expect(percent(JSON.parse(stdout).accuracy)).toBe(await accuracy.textContent());
});

test.each(['light', 'dark'] as const)('axe finds nothing serious in the %s page', async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  // By the browser's own tools: the page's policy keeps it out.
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  for (const expert of [false, true]) {
    await page.getByLabel('Expert view').setChecked(expert);
    await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)).then(() => {}));
    const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }))).toEqual([]);
    if (!expert) await screenshot(`page-${colorScheme}.png`);
  }
});

/** Takes a picture of the page for the documentation, if wanted. */
async function screenshot(name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  await page.evaluate(() => {
    scrollTo(0, 0);
    document.querySelector('.setup .cards')!.scrollTo(0, 0);
  });
  const picture = sharp(await page.screenshot({ fullPage: true }));
  await picture.png({ palette: true }).toFile(join(process.env.SCREENSHOTS, name));
}

test('a dropped picture is taken for what the page takes it for, and a broken one named', async () => {
  const target = page.locator('#classify-drop');
  const [mark, taken] = (await page.locator('#samples button').first().textContent())!.split(/(?<=[✓✗]) /);
  expect(mark).toMatch(/[✓✗]/);
  const picture = await png(shapes().validation, 0);
  await drop(target, { 'drawing.png': picture });
  await says(page.locator('#guesses li').first(), new RegExp(`^${taken}`));
  const dropped = await guesses();
  await drop(target, { 'other.png': await png(shapes().validation, 1) });
  await expect.poll(guesses).not.toEqual(dropped);
  await paste(page, { 'drawing.png': picture });
  await expect.poll(guesses).toEqual(dropped);
  await drop(target, { 'broken.png': picture.subarray(0, 40) });
  await says(alert, /broken\.png cannot be read as a picture/);
  await button('Dismiss').click();
});

test('the exported ONNX gives a picture the same probabilities', async () => {
  const { validation } = shapes();
  await drop(page.locator('#classify-drop'), { 'drawing.png': await png(validation, 2) });
  const saving = page.waitForEvent('download');
  await button('Export ONNX').click();
  const file = await readFile(await (await saving).path());
  const temperature = Number(readOnnx(file).metadata.temperature);
  expect(temperature).not.toBe(1);
  const session = await InferenceSession.create(file);
  const size = imageSize(validation);
  const { mean, std } = shapesRecipe;
  const pixels = Float32Array.from(validation.images.subarray(2 * size, 3 * size), (pixel, i) => {
    const channel = Math.floor(i / (32 * 32));
    return (pixel / 255 - mean[channel]) / std[channel];
  });
  const { logits } = await session.run({ images: new Tensor('float32', pixels, [1, 3, 32, 32]) });
  await session.release();
  const expected = rankClasses(logits.data as Float32Array, validation.classes, temperature).slice(0, 5);
  await expect.poll(guesses).toEqual(expected.map(inWords));
});

test('a picture of another kind is marked', async () => {
  const noise = new Random(1);
  const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, () => noise.int(256));
  const picture = await sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } })
    .png()
    .toBuffer();
  await drop(page.locator('#classify-drop'), { 'noise.png': picture });
  await expect.poll(() => page.locator('#unlike').isVisible()).toBe(true);
  await drop(page.locator('#classify-drop'), { 'drawing.png': await png(shapes().validation, 2) });
  await expect.poll(() => page.locator('#unlike').isVisible()).toBe(false);
});

test('what was trained is there after a reload', async () => {
  const before = await accuracy.textContent();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.reload();
  expect(await page.getByLabel('Expert view').isChecked()).toBe(true);
  await button('Restore').click();
  await says(status, /Restored/);
  expect(await accuracy.textContent()).toBe(before);
  // In view, on a phone too.
  const { y } = (await accuracy.boundingBox())!;
  expect(y).toBeGreaterThan(0);
  expect(y).toBeLessThan(844);
  await page.setViewportSize({ width: 1280, height: 900 });
  expect(await page.locator('#epochs tbody tr').count()).toBe(Number(SETTINGS.epochs));
});

test('a checkpoint of yy-train is loaded, and a broken one named', { timeout: PATIENCE }, async () => {
  const out = join(folder, 'run');
  const small = ['--batch-size', '8', '--max-steps', '3', '--adapter', 'swiftshader'];
  const { stderr } = await runCli('train', [...small, '--out', out, '--quiet']);
  const file = join(out, 'last.safetensors');
  const { val_accuracy } = JSON.parse(await readFile(join(out, 'metrics.jsonl'), 'utf8').catch(() => stderr));
  const input = page.locator('#load-checkpoint');
  await input.setInputFiles(file);
  await says(
    status,
    /Loaded last\.safetensors: YYNet-16 for 10 classes, trained for 3 steps\. Press Resume to continue training\./,
  );
  await says(page.locator('#insight-summary'), new RegExp(`^${percent(val_accuracy)} of the 200 validation pictures`));

  const broken = join(folder, 'broken.safetensors');
  await writeFile(broken, (await readFile(file)).subarray(0, 5000));
  await input.setInputFiles(broken);
  await says(alert, /broken\.safetensors: /);
  await button('Dismiss').click();
});

test('training goes on with it, and still does when the device is lost', { timeout: PATIENCE }, async () => {
  await button('Resume').click();
  await says(status, /Training started/, PATIENCE);
  await loseDevices(page);
  await says(status, /device was lost.*resumes from step \d+/i);
  const progress = page.getByLabel('Training progress');
  const before = Number(await progress.getAttribute('value'));
  await expect
    .poll(async () => Number(await progress.getAttribute('value')), { timeout: PATIENCE })
    .toBeGreaterThan(before);
  await button('Stop').click();
  await says(status, /Stopped/);
});

test('a net for grey pictures of another size is loaded, and sees what yy-predict sees', {
  timeout: PATIENCE,
}, async () => {
  const config = { ...small.config, inputChannels: 1, inputSize: 224 };
  const file = join(folder, 'grey.safetensors');
  const recipe = { ...small.recipe, mean: [0.5], std: [0.2] };
  await writeFile(file, encodeCheckpoint({ ...small, config, recipe, state: learntState(config) }));
  const pixels = Uint8Array.from({ length: 224 * 224 }, (_, i) => (i % 224) ^ (i / 224));
  const picture = join(folder, 'grey.png');
  await sharp(pixels, { raw: { width: 224, height: 224, channels: 1 } }).toFile(picture);
  const args = [file, picture, '--top', '5', '--adapter', 'swiftshader', '--json'];
  const { stdout, stderr } = await runCli('predict', args);
  expect(stdout, stderr).not.toBe('');
  const predictions: ClassProbability[] = JSON.parse(stdout).predictions;
  await page.locator('#load-checkpoint').setInputFiles(file);
  await says(status, /Loaded grey\.safetensors: YYNet-4 for 10 classes\.$/);
  await drop(page.locator('#classify-drop'), { 'grey.png': await readFile(picture) });
  await expect.poll(guesses, { timeout: 60_000 }).toEqual(predictions.map(inWords));
});

test('dropped pictures become a data set, without those that are broken', async () => {
  const files = await folderOfShapes();
  await page.getByText('Folder, zip').click();
  const target = page.locator('#data-drop');
  await drop(target, { 'broken.zip': zipSync(files).subarray(0, 3000) });
  await says(alert, /broken\.zip/);
  await button('Dismiss').click();
  await drop(target, { 'pictures.zip': zipSync(files) });
  await says(page.locator('#data-summary'), /10 classes, 30 training and 10 validation pictures/);
  await says(page.locator('#left-out'), /1 file.*red disc\/broken\.png/s);
});

test('the net watches the webcam', async () => {
  await page.locator('#guesses').evaluate((list) => list.replaceChildren());
  await button('Webcam live').click();
  await says(page.locator('#guesses li').first(), / %$/);
  await button('Webcam live').click();
});

test('without WebGPU the page says what it needs', async () => {
  const other = await beginVisit(WITHOUT_WEBGPU);
  try {
    await other.page.getByText('Use a current Chrome').waitFor();
    expect(await other.page.getByRole('button', { name: 'Train', exact: true }).isEnabled()).toBe(false);
    expect(other.errors).toEqual([]);
  } finally {
    await other.end();
  }
});

test('nothing went wrong in all this, and nothing but the page was asked for', () => {
  expect(visit.errors).toEqual([]);
  expect(visit.requests.filter((url) => !url.startsWith(`${visit.origin}/`) && !url.startsWith('blob:'))).toEqual([]);
});
