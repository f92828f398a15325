import { serveSources } from '../support/browser_sources.ts';
import type {} from './engine.ts';

/** What is asked of a page, whoever drives its browser. */
interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(code: string): Promise<unknown>;
}

export interface EnginePage<P> {
  /** Where `engine` holds the functions of engine.ts. */
  readonly page: P;
  close(): Promise<void>;
}

/** Opens a page with the engine in it. The browser is closed with it. */
export async function openEnginePage<P extends Page>(
  starting: Promise<{ newPage(): Promise<P>; close(): Promise<void> }>,
): Promise<EnginePage<P>> {
  const browser = await starting;
  const sources = await serveSources();
  const page = await browser.newPage();
  await page.goto(`${sources.url}test/web/engine.html`);
  // As text, so that the test runner leaves the import to the page.
  await page.evaluate(`import('./engine.ts').then(() => {})`);
  return {
    page,
    close: async () => {
      await browser.close();
      await sources.close();
    },
  };
}
