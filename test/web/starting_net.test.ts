import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginRun } from '../../src/cli/run.ts';
import { shapes } from '../../src/data/shapes.ts';
import { architectures } from '../../src/nets.ts';
import type { StateDict } from '../../src/nn/parameters.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { temporaryFolder } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';
import { type Files, png } from './files.ts';
import { beginVisit, drop, type Visit } from './visit.ts';

// One visit: each test goes on where the one before it ended.

const NET = 'cifar10-yynet-16.safetensors';

let folder: string;
let files: Files;
let shipped: StateDict;
let visit: Visit;
let page: Page;
let status: Locator;

beforeAll(async () => {
  folder = await temporaryFolder();
  files = await ownPictures();
  shipped = decode(await readFile(join('nets', NET))).state;
  visit = await beginVisit();
  page = visit.page;
  status = page.locator('#status');
});

afterAll(async () => {
  await visit?.end();
  await rm(folder, { recursive: true, force: true });
});

/** Five pictures of each of two classes, one of which validates. */
async function ownPictures(): Promise<Files> {
  const { train } = shapes({ train: 100 });
  const found: Record<string, Uint8Array> = {};
  for (const label of [0, 1]) {
    const indices = [...train.labels.keys()].filter((i) => train.labels[i] === label).slice(0, 5);
    for (const i of indices) found[`class ${label}/${i}.png`] = await png(train, i);
  }
  return found;
}

const button = (name: string) => page.getByRole('button', { name, exact: true });
const field = (name: string) => page.locator(`[name=${name}]`);
const says = (what: Locator, text: RegExp) =>
  expect.poll(() => what.textContent(), { timeout: 120_000, interval: 50 }).toMatch(text);
const fetched = () => visit.requests.filter((url) => url === `${visit.origin}/${NET}`).length;
const decode = (bytes: Uint8Array) => decodeCheckpoint(bytes, architectures);
const OWN = /2 classes, 8 training and 2 validation pictures/;
const HEAD = ['fc1.bias', 'fc1.weight', 'fc2.bias', 'fc2.weight'];

/** The bytes of the current net's checkpoint. */
async function save(): Promise<Uint8Array> {
  const saving = page.waitForEvent('download');
  await button('Save the net').click();
  return readFile(await (await saving).path());
}

/** Lets the page pause the next training after its first steps, however slow this process is. */
const pauseSoon = () =>
  page.getByLabel('Training progress').evaluate((progress) => {
    const pause = document.querySelector<HTMLButtonElement>('#pause')!;
    new MutationObserver((_, observer) => {
      if (pause.disabled || !(Number(progress.getAttribute('value')) > 0)) return;
      observer.disconnect();
      pause.click();
    }).observe(progress, { attributes: true });
  });

/** Pauses, and waits until the step under way has ended. */
async function pause() {
  await button('Pause').click();
  await paused();
}

async function paused() {
  await says(status, /Paused/);
  const progress = page.getByLabel('Training progress');
  const moved = async () => {
    const before = await progress.getAttribute('value');
    await page.waitForTimeout(2000);
    return before !== (await progress.getAttribute('value'));
  };
  await expect.poll(moved, { timeout: 60_000 }).toBe(false);
  await says(page.locator('#autosaved'), /^Saved in this browser/);
}

/** The parameters that differ from those of the shipped net. The statistics are estimated anew. */
function changed(state: StateDict): string[] {
  const names = Object.keys(state).filter((name) => !name.includes('.running_'));
  return names.filter((name) => `${state[name].data}` !== `${shipped[name].data}`).sort();
}

/** Config and recipe of the training that yy-train --init begins on the same pictures. */
async function begunInNode(epochs: number) {
  const data = join(folder, 'own');
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(data, path)), { recursive: true });
    await writeFile(join(data, path), bytes);
  }
  const settings = { data, init: 'cifar10-yynet-16', epochs };
  const run = await beginRun(await testDevice(), settings, { out: join(folder, 'run'), quiet: true });
  const { net, recipe } = run.trainer;
  run.trainer.dispose();
  await run.folder.close();
  return { config: net.config, recipe };
}

async function openFiles(chosen: Files, summary: RegExp) {
  await page.getByText('Folder, zip').click();
  await drop(page.locator('#data-drop'), chosen);
  await says(page.locator('#data-summary'), summary);
}

const showSettings = () => page.getByText('Change the settings').click();

test('own pictures start from the net by default, shapes and CIFAR-10 from random weights', async () => {
  await page.getByLabel('Expert view').check();
  await showSettings();
  expect(await field('start').inputValue()).toBe('random');
  await openFiles(files, OWN);
  expect(await field('start').inputValue()).toBe('cifar10');
  await openFiles({ 'data_batch_1.bin': new Uint8Array(20 * 3073) }, /^cifar10: 10 classes/);
  expect(await field('start').inputValue()).toBe('random');
  await openFiles(files, OWN);
});

test('a net of another width is trained from random weights, and the page says why', async () => {
  const summary = page.locator('#net-summary');
  await field('channels').selectOption('8');
  expect(await field('start').inputValue()).toBe('random');
  expect(await field('start').locator('option:disabled').textContent()).toBe('a net trained on CIFAR-10 (YYNet-16)');
  await says(summary, /Its weights are random at first: the net trained on CIFAR-10 has 16 channels\.$/);
  await field('channels').selectOption('16');
  expect(await field('start').inputValue()).toBe('cifar10');
  await says(summary, /learning rate up to 0\.01\.$/);
  await field('start').selectOption('random');
  await field('channels').selectOption('8');
  await says(summary, /learning rate up to 0\.01\.$/);
  await button('Reset to defaults').click();
  expect(await field('start').inputValue()).toBe('cifar10');
});

test('a restored run says what it started from', { timeout: 400_000 }, async () => {
  await field('channels').selectOption('4');
  await pauseSoon();
  await button('Train').click();
  await paused();
  await says(page.locator('#autosaved'), /^Saved in this browser/);
  await page.reload();
  await button('Restore').click();
  await says(status, /Restored at step/);
  await showSettings();
  await field('channels').selectOption('16');
  expect(await field('start').inputValue()).toBe('random');
  expect(fetched()).toBe(0);
  await button('Reset to defaults').click();
});

test('own pictures are trained on from the net, as yy-train --init does, also after a reload', {
  timeout: 400_000,
}, async () => {
  await field('epochs').fill('24');
  const statuses = await status.evaluateHandle((element) => {
    const texts: string[] = [];
    new MutationObserver(() => texts.push(element.textContent)).observe(element, { childList: true });
    return texts;
  });
  await pauseSoon();
  await button('Train').click();
  await paused();
  const origin = '231 of 233 tensors come from the net trained on CIFAR-10; the last layer is new.';
  const said = await statuses.jsonValue();
  expect(said).toContain(`${origin} Compiling the kernels for your GPU…`);
  expect(said).toContain(`Training started. ${origin}`);
  const saved = await save();
  const { state, config, recipe, training } = decode(saved);
  expect(training!.position.step).toBeGreaterThan(0);
  expect(training!.position.epoch).toBeLessThanOrEqual(recipe.headEpochs);
  expect(changed(state)).toEqual(HEAD);
  expect(fetched()).toBe(1);
  const inNode = await begunInNode(24);
  expect({ config, recipe }).toEqual(inNode);
  expect(recipe.headEpochs).toBe(3);

  await page.reload();
  await page.locator('#sources:enabled').waitFor();
  await button('Restore').click();
  await says(status, /Restored at step/);
  expect(await field('start').inputValue()).toBe('cifar10');
  expect(Buffer.compare(await save(), saved)).toBe(0);
  await button('Resume').click();
  await says(status, /^Epoch ([4-9]|\d\d) finished/);
  await pause();
  const resumed = decode(await save());
  expect(changed(resumed.state).length).toBeGreaterThan(100);
  expect(resumed.recipe).toEqual(recipe);
  expect(fetched()).toBe(1);
  expect(visit.errors).toEqual([]);
});

test('a server without the net is told of', async () => {
  await page.reload();
  await page.locator('#sources:enabled').waitFor();
  await openFiles(files, OWN);
  await page.route(`**/${NET}`, (route) => route.fulfill({ status: 404 }));
  await button('Train').click();
  await says(
    page.locator('#alert'),
    /^\s*cifar10-yynet-16\.safetensors, the net trained on CIFAR-10, cannot be read .*404/,
  );
  await says(status, /^Ready/);
});

test('a training on shapes does not fetch it', async () => {
  const before = fetched();
  await page.getByText('Shapes', { exact: true }).click();
  await says(page.locator('#data-summary'), /^shapes/);
  await button('Train').click();
  // The net would have been fetched before.
  await says(status, /^Compiling the kernels/);
  expect(fetched()).toBe(before);
});
