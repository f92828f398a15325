import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { serveWeb, type WebServer } from '../support/web_server.ts';
import { png } from '../web/visit.ts';
import { startFirefox } from './firefox.ts';

let server: WebServer;
let browser: Browser;
let page: Page;
const errors: string[] = [];
const requests: string[] = [];

beforeAll(async () => {
  server = await serveWeb();
  browser = await startFirefox();
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
});

const text = (selector: string) => page.$eval(selector, ({ textContent }) => textContent);
const click = (name: string) => page.locator(`::-p-aria([name="${name}"][role="button"])`).click();
const says = (selector: string, pattern: RegExp, timeout = 60_000) =>
  expect.poll(() => text(selector), { timeout, interval: 100 }).toMatch(pattern);

async function enter(name: string, value: string) {
  await page.focus(`[name=${name}]`);
  await page.keyboard.down('Control');
  await page.keyboard.press('a');
  await page.keyboard.up('Control');
  await page.keyboard.type(value);
}

test('trains shapes to at least 90 %', { timeout: 400_000 }, async () => {
  await says('#status', /Ready/);
  await page.locator('summary ::-p-text(Change the settings)').click();
  await page.select('[name=channels]', '4');
  await enter('epochs', '4');
  await enter('learningRate', '0.02');
  await enter('seed', '1');
  await click('Train');
  await says('#status', /Trained/, 300_000);
  expect(Number.parseFloat((await text('#figure-accuracy'))!)).toBeGreaterThanOrEqual(90);
});

test('a dropped picture is taken for what the page takes it for', async () => {
  const taken = (await text('#samples button'))!.split(/(?<=[✓✗]) /)[1];
  const bytes = [...(await png(shapes().validation, 0))];
  await page.$eval(
    '#classify-drop',
    (target, content) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(content)], 'drawing.png'));
      target.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
    },
    bytes,
  );
  await says('#guesses', new RegExp(`^\\s*${taken}`));
});

test('what was trained is there after a reload', async () => {
  const before = await text('#figure-accuracy');
  await page.reload();
  await click('Restore');
  await says('#status', /Restored/);
  expect(await text('#figure-accuracy')).toBe(before);
});

test('nothing went wrong in all this, and nothing but the page was asked for', () => {
  expect(errors).toEqual([]);
  // Firefox has fonts of its own in `data:` addresses.
  expect(requests.filter((url) => !/^(blob|data):/.test(url) && !url.startsWith(`${server.origin}/`))).toEqual([]);
});
