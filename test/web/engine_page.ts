import type { Page } from 'playwright-core';
import { startBrowser } from '../support/browser.ts';
import { serveSources } from '../support/browser_sources.ts';
import type {} from './engine.ts';

export interface EnginePage {
  /** Runs a function in the page, where `engine` holds the functions of engine.ts. */
  readonly evaluate: Page['evaluate'];
  close(): Promise<void>;
}

/** Opens a page with the engine in it. */
export async function openEnginePage(): Promise<EnginePage> {
  const sources = await serveSources();
  const browser = await startBrowser();
  const page = await browser.newPage();
  await page.goto(`${sources.url}test/web/engine.html`);
  // As text, so that the test runner leaves the import to the page.
  await page.evaluate(`import('./engine.ts').then(() => {})`);
  return {
    evaluate: page.evaluate.bind(page),
    close: async () => {
      await browser.close();
      await sources.close();
    },
  };
}
