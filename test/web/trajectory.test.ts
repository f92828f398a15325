import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/runtime/device.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';
import { startBrowser } from '../support/browser.ts';
import { type EnginePage, openEnginePage } from './engine_page.ts';
import { trajectory } from './trajectory.ts';

let opened: EnginePage<Page>;
beforeAll(async () => {
  opened = await openEnginePage(startBrowser());
});
afterAll(() => opened?.close());

test('a page and Node have the same losses on the same adapter', async () => {
  const device = await Device.open(await requestNodeAdapter({ adapter: 'swiftshader' }));
  const [inNode, inPage] = await Promise.all([trajectory(device), opened.page.evaluate(() => engine.trajectory())]);
  expect(await opened.page.evaluate(() => engine.adapter())).toMatch(/swiftshader/i);
  expect(inPage).toHaveLength(20);
  for (const [i, loss] of inNode.entries()) expect(inPage[i], `step ${i + 1}`).toBeCloseTo(loss, 5);
});
