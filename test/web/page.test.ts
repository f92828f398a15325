import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { zipSync } from 'fflate';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { beginVisit, drop, loseDevices, png, tabTo, type Visit } from './visit.ts';

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
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const says = (what: Locator, text: RegExp, timeout = 60_000) =>
  expect.poll(() => what.textContent(), { timeout, interval: 100 }).toMatch(text);

/** Small enough for an adapter that runs on the CPU. */
const SETTINGS = { channels: '4', epochs: '4', learningRate: '0.02', seed: '1' };

test('the keyboard alone trains shapes to at least 90 %, with a pause', { timeout: 2 * PATIENCE }, async () => {
  await expect.poll(() => button('Train').isEnabled(), { timeout: 60_000 }).toBe(true);
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
  await says(status, /Training has begun|Epoch 1/);
  await tabTo(button('Pause'));
  await page.keyboard.press('Space');
  await says(status, /Paused/);
  const progress = page.getByLabel('Training progress');
  await page.waitForTimeout(500); // the step under way ends
  const atPause = await progress.getAttribute('value');
  await page.waitForTimeout(500);
  expect(await progress.getAttribute('value')).toBe(atPause);
  await tabTo(button('Resume'));
  await page.keyboard.press('Space');
  await says(status, /Training goes on|Epoch/);
  await says(status, /Trained/, PATIENCE);
  expect(Number.parseFloat((await accuracy.textContent())!)).toBeGreaterThanOrEqual(90);
});

test('yy-eval gives a saved checkpoint the same accuracy', { timeout: PATIENCE }, async () => {
  const saving = page.waitForEvent('download');
  await button('Save the checkpoint').click();
  const file = join(folder, 'yynet.safetensors');
  await (await saving).saveAs(file);
  const { stdout, stderr } = await runCli('eval', [file, '--data', 'shapes', '--adapter', 'swiftshader', '--json']);
  expect(stdout, stderr).not.toBe('');
  expect(percent(JSON.parse(stdout).accuracy)).toBe(await accuracy.textContent());
});

test.each(['light', 'dark'] as const)('axe finds nothing serious in the %s page', async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)).then(() => {}));
  // By the browser's own tools: the page's policy keeps it out.
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }))).toEqual([]);
  if (process.env.SCREENSHOTS) {
    await page.evaluate(() => scrollTo(0, 0));
    const picture = sharp(await page.screenshot({ fullPage: true }));
    await picture.png({ palette: true }).toFile(join(process.env.SCREENSHOTS, `page-${colorScheme}.png`));
  }
});

test('a dropped picture is taken for what the page takes it for, and a broken one named', async () => {
  const target = page.locator('#classify-drop');
  const [mark, taken] = (await page.locator('#samples button').first().textContent())!.split(/(?<=[✓✗]) /);
  expect(mark).toMatch(/[✓✗]/);
  const picture = await png(shapes().validation, 0);
  await drop(target, { 'drawing.png': picture });
  await says(page.locator('#guesses li').first(), new RegExp(`^${taken}`));
  await drop(target, { 'broken.png': picture.subarray(0, 40) });
  await says(alert, /no picture that the browser can read/);
  await button('Dismiss').click();
});

test('what was trained is there after a reload', async () => {
  const before = await accuracy.textContent();
  await page.reload();
  await button('Restore').click();
  await says(status, /Restored/);
  expect(await accuracy.textContent()).toBe(before);
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
    /Loaded last\.safetensors: YYNet-16 for 10 classes, trained for 3 steps\. Resume goes on from there\./,
  );
  await says(page.locator('#insight-summary'), new RegExp(`^${percent(val_accuracy)} of the 200 pictures`));

  const broken = join(folder, 'broken.safetensors');
  await writeFile(broken, (await readFile(file)).subarray(0, 5000));
  await input.setInputFiles(broken);
  await says(alert, /broken\.safetensors: /);
  await button('Dismiss').click();
});

test('training goes on with it, and still does when the device is lost', { timeout: PATIENCE }, async () => {
  await button('Resume').click();
  await says(status, /Training has begun/, PATIENCE);
  await loseDevices(page);
  await says(status, /device was lost.*goes on from step \d+/i);
  const progress = page.getByLabel('Training progress');
  const before = Number(await progress.getAttribute('value'));
  await expect
    .poll(async () => Number(await progress.getAttribute('value')), { timeout: PATIENCE })
    .toBeGreaterThan(before);
  await button('Stop').click();
  await says(status, /Stopped/);
});

test('dropped pictures become a data set, without those that are broken', async () => {
  const { train } = shapes({ train: 40 });
  const files: Record<string, Uint8Array> = { 'red disc/broken.png': new Uint8Array(40) };
  for (let i = 0; i < train.length; i++) files[`${train.classes[train.labels[i]]}/${i}.png`] = await png(train, i);
  await page.getByText('My files').click();
  const target = page.locator('#data-drop');
  await drop(target, { 'broken.zip': zipSync(files).subarray(0, 3000) });
  await says(alert, /broken\.zip/);
  await button('Dismiss').click();
  await drop(target, { 'pictures.zip': zipSync(files) });
  await says(page.locator('#data-summary'), /10 classes, 30 pictures to train on and 10 to validate/);
  await says(page.locator('#skipped'), /1 file.*red disc\/broken\.png/s);
});

test('nothing went wrong in all this, and nothing but the page was asked for', () => {
  expect(visit.errors).toEqual([]);
  expect(visit.requests.filter((url) => !url.startsWith(`${visit.origin}/`) && !url.startsWith('blob:'))).toEqual([]);
});
