import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCases } from '../conformance/folder.ts';
import { type Sources, serveSources } from '../support/browser_sources.ts';
import type {} from '../web/engine.ts';
import { startFirefox } from './firefox.ts';

let sources: Sources;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  sources = await serveSources();
  browser = await startFirefox();
  page = await browser.newPage();
  await page.goto(`${sources.url}test/web/engine.html`);
  // As text, so that the test runner leaves the import to the page.
  await page.evaluate(`import('./engine.ts').then(() => {})`);
});

afterAll(async () => {
  await browser?.close();
  await sources?.close();
});

const names = (await readCases('test/fixtures')).map(({ name }) => name);

// A GPU's tiles compile for minutes on an adapter on the CPU: the kernels of the net's blocks must do for the net.
const cases = [
  ...names.map((name) => [name, 'own'] as const),
  ...names.filter((name) => !name.startsWith('yynet')).map((name) => [name, 'gpu'] as const),
];

test.each(cases)('%s agrees with PyTorch, %s tiles', async (name, tiles) => {
  const verdicts = await page.evaluate((...of) => engine.conformance(...of), name, tiles);
  expect(verdicts.length).toBeGreaterThan(0);
  expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
});

test('the losses of 20 steps fall, and mixed precision begins as f32 does', async () => {
  const sum = (losses: number[]) => losses.reduce((total, loss) => total + loss);
  const exact = await page.evaluate(() => engine.trajectory());
  const mixed = await page.evaluate(() => engine.trajectory('mixed'));
  for (const losses of [exact, mixed]) expect(sum(losses.slice(-5))).toBeLessThan(0.7 * sum(losses.slice(0, 5)));
  expect(Math.abs(mixed[0] / exact[0] - 1)).toBeLessThan(5e-3);
});

test('what the GPU has done is known before Firefox looks by itself, every 100 ms', async () => {
  expect(await page.evaluate(() => engine.readingTime())).toBeLessThan(50);
});
