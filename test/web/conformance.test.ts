import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCases } from '../conformance/folder.ts';
import { type EnginePage, openEnginePage } from './engine_page.ts';

let page: EnginePage;
beforeAll(async () => {
  page = await openEnginePage();
});
afterAll(() => page?.close());

test.each((await readCases('test/fixtures')).map(({ name }) => name))(
  '%s agrees with PyTorch in a page',
  async (name) => {
    const verdicts = await page.evaluate((of) => engine.conformance(of), name);
    expect(verdicts.length).toBeGreaterThan(0);
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
  },
);
