import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/runtime/device.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';
import { type EnginePage, openEnginePage } from './engine_page.ts';
import { trajectory } from './trajectory.ts';

let page: EnginePage;
beforeAll(async () => {
  page = await openEnginePage();
});
afterAll(() => page?.close());

test('a page and Node have the same losses on the same adapter', async () => {
  const device = await Device.open(await requestNodeAdapter({ adapter: 'swiftshader' }));
  const [inNode, inPage] = await Promise.all([trajectory(device), page.evaluate(() => engine.trajectory())]);
  expect(await page.evaluate(() => engine.adapter())).toMatch(/swiftshader/i);
  expect(inPage).toHaveLength(20);
  for (const [i, loss] of inNode.entries()) expect(inPage[i], `step ${i + 1}`).toBeCloseTo(loss, 5);
});
