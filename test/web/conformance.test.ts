import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCases } from '../conformance/folder.ts';
import { startBrowser } from '../support/browser.ts';
import { type EnginePage, openEnginePage } from './engine_page.ts';

let opened: EnginePage<Page>;
beforeAll(async () => {
  opened = await openEnginePage(startBrowser());
});
afterAll(() => opened?.close());

test.each((await readCases('test/fixtures')).map(({ name }) => name))(
  '%s agrees with PyTorch in a page',
  async (name) => {
    const verdicts = await opened.page.evaluate((of) => engine.conformance(of), name);
    expect(verdicts.length).toBeGreaterThan(0);
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
  },
);
