import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCases } from '../conformance/folder.ts';
import { type EnginePage, openEnginePage } from '../web/engine_page.ts';
import { startFirefox } from './firefox.ts';

let opened: EnginePage<Page>;
beforeAll(async () => {
  opened = await openEnginePage(startFirefox());
});
afterAll(() => opened?.close());

const names = (await readCases('test/fixtures')).map(({ name }) => name);

// Nets compile for minutes on a slow CPU. YYNet's own tiles stand for them: all kernels have cases of their own.
const isNet = (name: string) => /^(yynet|mobilenet)/.test(name);
const cases = [
  ...names.filter((name) => !name.startsWith('mobilenet')).map((name) => [name, 'own'] as const),
  ...names.filter((name) => !isNet(name)).map((name) => [name, 'gpu'] as const),
];

test.each(cases)('%s agrees with PyTorch, %s tiles', async (name, tiles) => {
  const verdicts = await opened.page.evaluate((...of) => engine.conformance(...of), name, tiles);
  expect(verdicts.length).toBeGreaterThan(0);
  expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
});

test('the losses of 20 steps fall, and mixed precision begins as f32 does', async () => {
  const sum = (losses: number[]) => losses.reduce((total, loss) => total + loss);
  const exact = await opened.page.evaluate(() => engine.trajectory());
  const mixed = await opened.page.evaluate(() => engine.trajectory('mixed'));
  for (const losses of [exact, mixed]) expect(sum(losses.slice(-5))).toBeLessThan(0.7 * sum(losses.slice(0, 5)));
  expect(Math.abs(mixed[0] / exact[0] - 1)).toBeLessThan(5e-3);
});

test('what the GPU has done is known before Firefox looks by itself, every 100 ms', async () => {
  expect(await opened.page.evaluate(() => engine.readingTime())).toBeLessThan(50);
});
