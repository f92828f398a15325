import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recolour } from '../../src/data/squares.ts';
import { temporaryFolder } from '../data/files.ts';
import { startBrowser } from '../support/browser.ts';
import { corpus, difference, type Read, readerInPage, readInNode } from './reading.ts';

let browser: Browser;
let readInPage: (name: string, channels: number) => Promise<Read>;
beforeAll(async () => {
  browser = await startBrowser();
  readInPage = await readerInPage(await browser.newPage());
});
afterAll(() => browser?.close());

test.each(Object.keys(corpus))('%s: Node and the page read the same', async (name) => {
  const folder = await temporaryFolder();
  for (const channels of [3, 1]) {
    const [node, page] = [await readInNode(folder, name, channels), await readInPage(name, channels)];
    expect(
      difference(node, page),
      `${name}: ${typeof node === 'string' ? node : ''} ${page}`.slice(0, 99),
    ).toBeLessThan(3);
  }
});

test('each orientation is the upright picture', async () => {
  const folder = await temporaryFolder();
  for (const name of Object.keys(corpus).filter((name) => name.startsWith('turned '))) {
    const upright = await readInNode(folder, `plain.${name.split('.')[1]}`, 3);
    expect(difference(await readInNode(folder, name, 3), upright), name).toBeLessThan(3);
  }
});

test('there is one grey, and it is the luma of the colours', async () => {
  const folder = await temporaryFolder();
  for (const name of ['plain.png', 'alpha.webp', '16 bit.png', 'inks.jpg', 'palette.gif', 'grey.jpg']) {
    const colour = Uint8Array.from((await readInNode(folder, name, 3)) as number[]);
    expect(await readInNode(folder, name, 1), name).toEqual([...recolour(colour, 32 * 32, 3, 1)]);
  }
});

test('what is refused is refused for the same reason', async () => {
  const folder = await temporaryFolder();
  const reasons: Record<string, Read> = {};
  for (const name of [
    'cut.jpg',
    'cut.png',
    'cut.webp',
    'without end marker.jpg',
    'huge.png',
    'drawing.png',
    'picture.tif',
  ])
    reasons[name] = await readInPage(name, 3);
  expect(reasons).toEqual({
    'cut.jpg': 'damaged',
    'cut.png': 'damaged',
    'cut.webp': 'damaged',
    'without end marker.jpg': 'damaged',
    'huge.png': 'large',
    'drawing.png': 'svg',
    'picture.tif': 'tiff',
  });
  expect(await readInNode(folder, 'huge.png', 3)).toBe('large');
});
