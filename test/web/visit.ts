import type { Locator, Page } from 'playwright-core';
import { startBrowser } from '../support/browser.ts';
import { serveWeb } from '../support/web_server.ts';
import { contentsOf, type Files, transfer } from './files.ts';

/** Somebody at the page, as `npm run web` serves it. */
export interface Visit {
  readonly page: Page;
  readonly origin: string;
  /** What the browser asked for since the visit began. */
  readonly requests: readonly string[];
  /** What the page threw or the browser complained of: scripts that fail, requests that the page's policy forbids. */
  readonly errors: readonly string[];
  end(): Promise<void>;
}

/** Lets a test take the worker's devices away. */
const KEEP_DEVICES = `{
  const { requestDevice } = GPUAdapter.prototype;
  globalThis.devices = [];
  GPUAdapter.prototype.requestDevice = async function (...wanted) {
    const device = await requestDevice.apply(this, wanted);
    devices.push(device);
    return device;
  };
}
`;

/** A browser without WebGPU. */
export const WITHOUT_WEBGPU = 'Object.defineProperty(navigator, "gpu", { value: undefined });\n';

/** @param beforehand a script that the worker runs first */
export async function beginVisit(beforehand = KEEP_DEVICES): Promise<Visit> {
  const server = await serveWeb();
  const browser = await startBrowser();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.route('**/worker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: beforehand + (await response.text()) });
  });
  const requests: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(server.origin);
  await page.locator('#sources:enabled').waitFor();
  return {
    ...{ page, origin: server.origin, requests, errors },
    end: async () => {
      await browser.close();
      server.end();
    },
  };
}

export const loseDevices = (page: Page) =>
  page.workers()[0].evaluate(() => {
    for (const device of (globalThis as unknown as { devices: GPUDevice[] }).devices) device.destroy();
  });

/** Presses Tab until an element has the focus. */
export async function tabTo(target: Locator): Promise<void> {
  const page = target.page();
  const limit = await page.locator('a, button, input, select, summary, [tabindex]').count();
  for (let i = 0; i <= limit; i++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} cannot be reached by Tab`);
}

/** Drops files on an element. */
export async function drop(target: Locator, files: Files): Promise<void> {
  await target.dispatchEvent('drop', { dataTransfer: await transferOf(target.page(), files) });
}

/** Pastes files into the page. */
export async function paste(page: Page, files: Files): Promise<void> {
  await page.evaluate(
    (clipboardData) => document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true })),
    await transferOf(page, files),
  );
}

const transferOf = (page: Page, files: Files) => page.evaluateHandle(transfer, contentsOf(files));
