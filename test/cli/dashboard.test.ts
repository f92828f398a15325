import { readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { parse } from 'devalue';
import { afterEach, expect, test } from 'vitest';
import { Dashboard } from '../../src/cli/dashboard/dashboard.ts';
import type { DashboardEvent, PictureMaps } from '../../src/cli/dashboard/events.ts';
import { DashboardServer } from '../../src/cli/dashboard/server.ts';
import { beginRun } from '../../src/cli/run.ts';
import { snakeCase } from '../../src/cli/settings.ts';
import { combineWatchers } from '../../src/cli/watchers.ts';
import { encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { startBrowser } from '../support/browser.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';

const NET = { channels: 4, bodyChannels: 4, hidden: 8 };
/** 2 epochs of 3 steps. */
const LENGTH = { epochs: 2, batchSize: 8, limitTrain: 24, limitVal: 12 };

type Of<T extends DashboardEvent['type']> = Extract<DashboardEvent, { type: T }>;

/** A page, as far as the server can tell. */
class Page {
  readonly events: DashboardEvent[] = [];
  /** When the server has nothing more to tell. */
  readonly ended: Promise<void>;

  private constructor(response: Response) {
    this.ended = this.read(response);
  }

  static async open(url: string): Promise<Page> {
    return new Page(await fetch(`${url}events`));
  }

  all<T extends DashboardEvent['type']>(type: T): Of<T>[] {
    return this.events.filter((event): event is Of<T> => event.type === type);
  }

  private async read(response: Response): Promise<void> {
    const messages = (await response.text()).split('\n\n').filter(Boolean);
    this.events.push(...messages.map((message) => parse(message.replace(/^data: /, ''))));
  }
}

const begin = async () =>
  beginRun(await testDevice(), { net: NET, ...LENGTH }, { out: join(await temporaryFolder(), 'run') });

let dashboard: Dashboard;
afterEach(() => dashboard?.end('The test is over.'));

test('a page sees training, and changes no bit of it', async () => {
  const alone = await begin();
  await alone.trainer.run();

  const run = await begin();
  dashboard = await Dashboard.start(run);
  const page = await Page.open(dashboard.url);
  const asked = fetch(`${dashboard.url}maps/3`);
  const metrics = await run.trainer.run(combineWatchers([dashboard]));
  await dashboard.end('Training is done.');
  await page.ended;

  const bytes = [alone, run].map(async ({ trainer }) => Buffer.from(encodeCheckpoint(await trainer.checkpoint())));
  const [one, two] = await Promise.all(bytes);
  expect(one.equals(two)).toBe(true);

  expect(page.events[0]).toMatchObject({ type: 'run', path: run.folder.path, history: { steps: 6, epochs: [] } });
  expect(page.all('progress').at(-1)!.progress).toMatchObject({ epoch: 2, phase: 'validate', step: 6 });
  expect(page.all('epoch').map(({ metrics }) => metrics.epoch)).toEqual([1, 2]);
  expect(page.events.at(-1)).toEqual({ type: 'ended', message: 'Training is done.' });

  // As the page opens, and after each epoch.
  const insights = page.all('insight');
  expect(insights.map(({ step }) => step)).toEqual([1, 3, 6]);
  const [first, , last] = insights;
  expect(first.pictureMaps.index).toBe(0);
  expect(last.insight.accuracy).toBeCloseTo(metrics!.val_accuracy, 6);
  expect(last.insight.confusion.reduce((sum, count) => sum + count, 0)).toBe(12);
  expect(last.insight.samples).toHaveLength(12);
  expect(last.filters.yang.shape).toEqual([4, 3, 3, 3]);

  const pictureMaps: PictureMaps = parse(await (await asked).text());
  expect(pictureMaps.index).toBe(3);
  expect(pictureMaps.picture).toEqual(first.insight.samples[3].picture);
  expect(pictureMaps.maps.yin[0].shape).toEqual([4, 32, 32]);
  expect(last.pictureMaps.index).toBe(3);
  expect(last.pictureMaps.maps.yang[0].data).not.toEqual(pictureMaps.maps.yang[0].data);
});

test('a run that was resumed shows the epochs it had', async () => {
  const run = await begin();
  const metrics = await run.trainer.run({}, { maxSteps: 3 });
  await run.folder.writeEpoch(metrics!, await run.trainer.checkpoint());
  dashboard = await Dashboard.start(run);
  const page = await Page.open(dashboard.url);
  await dashboard.end('Training stopped after step 3.');
  await page.ended;
  const [{ history }] = page.all('run');
  expect(history.epochs).toEqual([metrics]);
  expect(history.points).toMatchObject([{ step: 3, loss: metrics!.train_loss }]);
});

test('the page loads from its server alone, which answers under no other name', async () => {
  dashboard = await Dashboard.start(await begin());
  const { url } = dashboard;
  const html = await fetch(url);
  const policy = html.headers.get('content-security-policy')!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:|unsafe|\*/);
  const assets = [...(await html.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, asset]) => asset);
  expect(assets).toContain('main.js');
  for (const asset of assets) expect((await fetch(url + asset)).status, asset).toBe(200);

  // fetch() may not set the Host header.
  const statusOf = (path: string, host: string, method = 'GET') =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = request(url + path, { method, headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject).end();
    });
  const { host, port } = new URL(url);
  expect(await statusOf('', host)).toBe(200);
  expect(await statusOf('', `localhost:${port}`)).toBe(200);
  expect(await statusOf('', `attacker.example:${port}`)).toBe(421);
  expect(await statusOf('events', `attacker.example:${port}`)).toBe(421);
  expect(await statusOf('', host, 'POST')).toBe(405);
  expect(await statusOf('maps/12', host)).toBe(404);
  expect(await statusOf('package.json', host)).toBe(404);
});

test('many requests are answered by one computation, or none where their reader has gone; other sites are refused', async () => {
  let calls = 0;
  const asked: { index: number; isWanted: () => boolean; resolve: (maps: PictureMaps) => void }[] = [];
  const server = await DashboardServer.start({
    initialEvents: () => [{ type: 'failed', message: 'no net yet' }],
    maps: (index, isWanted) => {
      calls++;
      return new Promise((resolve) => asked.push({ index, isWanted, resolve }));
    },
  });
  try {
    const leaving = new AbortController();
    const left = fetch(`${server.url}maps/1`, { signal: leaving.signal }).catch(() => {});
    const same = Array.from({ length: 50 }, () => fetch(`${server.url}maps/2`));
    await expect.poll(() => asked.length, { timeout: 20_000 }).toBe(2);
    leaving.abort();
    await left;
    const [gone, wanted] = [1, 2].map((index) => asked.find((request) => request.index === index)!);
    await expect.poll(() => gone.isWanted(), { timeout: 20_000 }).toBe(false);
    expect(wanted.isWanted()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 300));
    wanted.resolve({ index: 2 } as PictureMaps);
    const answers = await Promise.all(same.map(async (response) => parse(await (await response).text())));
    expect(answers).toEqual(same.map(() => ({ index: 2 })));
    expect(calls).toBe(2);

    const pages = await Promise.all(Array.from({ length: 17 }, () => fetch(`${server.url}events`)));
    expect(pages.map(({ status }) => status).filter((status) => status === 503)).toHaveLength(1);
    const { host } = new URL(server.url);
    const crossSite = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { host, 'sec-fetch-site': 'cross-site' };
      request(server.url, { headers }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(crossSite).toBe(403);
    for (const page of pages) await page.body?.cancel();
  } finally {
    server.end({ type: 'ended', message: 'over' });
  }
});

test('a browser shows all of it, without an error', async () => {
  const run = await begin();
  dashboard = await Dashboard.start(run);
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    const wrong: string[] = [];
    page.on('pageerror', ({ message }) => wrong.push(message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    await page.goto(dashboard.url);
    await page.getByRole('heading', { name: run.folder.path }).waitFor();
    await run.trainer.run(combineWatchers([dashboard]));
    await dashboard.end('Training is done.');

    await page.getByText(/^Training is done\. The last validation accuracy is [\d.]+ %\.$/).waitFor();
    expect(await page.locator('#samples li').count()).toBe(12);
    expect(await page.locator('#confusion td').allTextContents()).toHaveLength(10 * 10);
    expect(await page.locator('#epochs tbody tr').count()).toBe(2);
    expect(await page.locator('.uplot').count()).toBe(4);
    const maps = page.getByRole('img', { name: 'Yang’s feature maps after block 1: 4 × 32 × 32' });
    // Four in a row, with a pixel between them.
    expect(await maps.evaluate((canvas: HTMLCanvasElement) => canvas.width)).toBe(4 * 33 - 1);
    expect(wrong).toEqual([]);
  } finally {
    await browser.close();
  }
});

test('yy-train tells where the page is, writes an event file, and ends by itself', async () => {
  const folder = await temporaryFolder();
  const board = join(folder, 'board');
  const recipe = join(folder, 'recipe.json');
  await writeFile(recipe, JSON.stringify(snakeCase({ ...NET, ...LENGTH })));
  const where = ['--out', join(folder, 'run'), '--tensorboard', board];
  const { code, stderr } = await runCli('train', ['--dashboard', '--quiet', '--config', recipe, ...where]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^The dashboard is at http:\/\/127\.0\.0\.1:\d+\/ until training ends\.$/m);
  expect(await readdir(board)).toHaveLength(1);
});
