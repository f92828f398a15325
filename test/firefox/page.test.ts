import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import type { Browser, ElementHandle, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { percent } from '../../src/report/format.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { serveWeb, type WebServer } from '../support/web_server.ts';
import { contentsOf, type Files, folderOfShapes, png, transfer } from '../web/files.ts';
import { startFirefox } from './firefox.ts';

let folder: string;
let server: WebServer;
let browser: Browser;
let page: Page;
const errors: string[] = [];
const requests: string[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await serveWeb();
  browser = await startFirefox(folder);
  page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(server.origin);
});

afterAll(async () => {
  await browser?.close();
  server?.end();
  await rm(folder, { recursive: true, force: true });
});

const text = (selector: string) => page.$eval(selector, ({ textContent }) => textContent);

// By id and not by the pointer: puppeteer finds neither roles nor a button at rest while a net is trained.
async function click(id: string) {
  const button = (await page.waitForSelector(id, { visible: true })) as ElementHandle<HTMLButtonElement>;
  await expect.poll(() => button.evaluate(({ disabled }) => disabled), { timeout: 60_000 }).toBe(false);
  await button.evaluate((found) => found.click());
}

const says = (selector: string, pattern: RegExp, timeout = 60_000) =>
  expect.poll(() => text(selector), { timeout, interval: 100 }).toMatch(pattern);

async function enter(name: string, value: string) {
  await page.focus(`[name=${name}]`);
  await page.keyboard.down('Control');
  await page.keyboard.press('a');
  await page.keyboard.up('Control');
  await page.keyboard.type(value);
}

async function drop(selector: string, files: Files) {
  await page.$eval(
    selector,
    (target, dataTransfer) => target.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true })),
    await page.evaluateHandle(transfer, contentsOf(files)),
  );
}

test('trains shapes to at least 90 %, with a pause', { timeout: 400_000 }, async () => {
  await says('#status', /Ready/);
  await click('#expert');
  await page.locator('summary ::-p-text(Change the settings)').click();
  await page.select('[name=channels]', '4');
  await enter('epochs', '6');
  await enter('learningRate', '0.02');
  await enter('seed', '3');
  await click('#train');
  await says('#status', /Training started|Epoch 1/);
  await click('#pause');
  await says('#status', /Paused/);
  await click('#resume');
  await says('#status', /Training finished/, 300_000);
  expect(Number.parseFloat((await text('#figure-accuracy'))!)).toBeGreaterThanOrEqual(90);
});

test('a dropped picture is taken for what the page takes it for', async () => {
  const taken = (await text('#samples button'))!.split(/(?<=[✓✗]) /)[1];
  await drop('#classify-drop', { 'drawing.png': await png(shapes().validation, 0) });
  await says('#guesses', new RegExp(`^\\s*${taken}`));
});

test('the kernels are timed', async () => {
  await page.locator('#kernels summary').click();
  await click('#profile');
  await says('#kernel-times', /mbconv/);
});

test('yy-eval gives a saved checkpoint the same accuracy, and the page loads it', { timeout: 400_000 }, async () => {
  await click('#save-checkpoint');
  await expect.poll(() => readdir(folder), { timeout: 20_000 }).toEqual([expect.stringMatching(/\.safetensors$/)]);
  const file = join(folder, (await readdir(folder))[0]);
  const { stdout, stderr } = await runCli('eval', [file, '--data', 'shapes', '--json']);
  expect(stdout, stderr).not.toBe('');
  expect(percent(JSON.parse(stdout).accuracy)).toBe(await text('#figure-accuracy'));
  const input = (await page.$('#load-checkpoint')) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(file);
  await says('#status', /^Loaded .*\.safetensors: YYNet-4 for 10 classes/);
});

test('what was trained is there after a reload', async () => {
  const before = await text('#figure-accuracy');
  await page.reload();
  await click('#restore');
  await says('#status', /Restored/);
  expect(await text('#figure-accuracy')).toBe(before);
});

test('dropped pictures become a data set, and are trained on', { timeout: 400_000 }, async () => {
  await page.locator('label ::-p-text(Folder, zip)').click();
  await drop('#data-drop', { 'pictures.zip': zipSync(await folderOfShapes()) });
  await says('#data-summary', /10 classes, 30 training and 10 validation pictures/);
  await says('#left-out', /1 file.*red disc\/broken\.png/s);
  await page.locator('summary ::-p-text(Change the settings)').click();
  await page.select('[name=channels]', '4');
  await enter('epochs', '6');
  await enter('batchSize', '15');
  await click('#train');
  await says('#status', /Training finished/, 300_000);
  await says('#insight-summary', /of the 10 validation pictures/);
});

test('the net watches the webcam', async () => {
  await page.$eval('#guesses', (list) => list.replaceChildren());
  await click('#live');
  await says('#guesses', / %/);
  await click('#live');
});

test('nothing went wrong in all this, and nothing but the page was asked for', () => {
  expect(errors).toEqual([]);
  // Firefox has fonts of its own in `data:` addresses.
  expect(requests.filter((url) => !/^(blob|data):/.test(url) && !url.startsWith(`${server.origin}/`))).toEqual([]);
});
