import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { temporaryFolder } from '../support/cli.ts';
import { png } from './files.ts';
import { beginVisit, drop, type Visit } from './visit.ts';

// A class makes its own pictures: each test goes on where the one before it ended.

let folder: string;
let visit: Visit;
let page: Page;

beforeAll(async () => {
  folder = await temporaryFolder();
  visit = await beginVisit();
  page = visit.page;
});

afterAll(async () => {
  await visit?.end();
  await rm(folder, { recursive: true, force: true });
});

const card = (name: string) => page.locator('.class-card', { has: page.getByLabel(`Name of the class ${name}`) });
const pictures = (name: string) => card(name).getByRole('option');
const button = (name: string) => page.getByRole('button', { name, exact: true });
const eventually = <T>(what: () => Promise<T>) => expect.poll(what, { timeout: 30_000, interval: 50 });
const says = (what: Locator, text: RegExp, timeout = 60_000) =>
  expect.poll(() => what.textContent(), { timeout, interval: 100 }).toMatch(text);
/** The number of pictures on each card. */
const counts = async () => (await page.locator('.count').allTextContents()).map((text) => Number.parseInt(text, 10));

async function rename(from: string, to: string) {
  await page.getByLabel(`Name of the class ${from}`).fill(to);
  await page.keyboard.press('Enter');
}

test('the controls are enabled once, when the page has begun', async () => {
  await page.addInitScript(() => {
    const seen: boolean[] = [];
    Object.assign(globalThis, { seen });
    new MutationObserver(() => {
      const sources = document.querySelector<HTMLFieldSetElement>('#sources');
      if (sources && sources.disabled !== seen.at(-1)) seen.push(sources.disabled);
    }).observe(document, { subtree: true, childList: true, attributes: true });
  });
  await page.reload();
  await says(page.locator('#data-summary'), /pictures/);
  await says(page.locator('#status'), /Ready/);
  expect(await page.evaluate(() => (globalThis as unknown as { seen: boolean[] }).seen)).toEqual([true, false]);
});

test('the webcam records while its button is held, by the pointer or a key', async () => {
  await page.getByText('My pictures').click();
  await rename('Class 1', 'left');
  await rename('Class 2', 'right');
  expect(await button('Train').isEnabled()).toBe(false);
  await says(page.locator('#cards-hint'), /Give each class a name/);
  await button('Webcam for left').click();
  const left = button('Hold to record pictures of left');
  await left.hover();
  await page.mouse.down();
  await eventually(() => pictures('left').count()).toBeGreaterThanOrEqual(5);
  await page.mouse.up();
  await says(page.locator('#cards-said'), /^left: \d+ pictures$/);
  const recorded = await pictures('left').count();
  await says(page.locator('#cards-hint'), /right has no pictures: add some, at least 4/);

  await button('Webcam for right').click();
  await button('Hold to record pictures of right').focus();
  await page.keyboard.down('Space');
  await eventually(() => pictures('right').count()).toBeGreaterThanOrEqual(4);
  await page.keyboard.up('Space');
  await says(page.locator('#cards-said'), /^right: \d+ pictures$/);
  expect(await pictures('left').count()).toBe(recorded);
  expect(await page.locator('.recorder').count()).toBe(1);
  await button('Webcam for right').click();
  expect(await page.locator('.recorder').count()).toBe(0);
  await button('Undo').click();
  await button('Undo').click();
  expect(await counts()).toEqual([0, 0]);
});

test('pictures are uploaded, and files that are none are named with their class', async () => {
  const { train } = shapes({ train: 12 });
  const files = await Promise.all(
    Array.from({ length: 12 }, async (_, i) => {
      const path = join(folder, `${i}.png`);
      await writeFile(path, await png(train, i));
      return path;
    }),
  );
  const note = join(folder, 'note.png');
  await writeFile(note, 'No picture.');
  await page.getByLabel('Upload pictures of left').setInputFiles([...files.slice(0, 5), note]);
  await says(page.locator('#alert'), /left: 1 of 6 files is not used: 1 text file, note\.png/);
  await button('Dismiss').click();
  const dropped = Object.fromEntries(
    await Promise.all(files.slice(5).map(async (_, i) => [`${i}.png`, await png(train, 5 + i)] as const)),
  );
  await drop(card('right'), dropped);
  await eventually(counts).toEqual([5, 7]);
});

test('pictures are dragged to another card, moved, deleted, and all that is undone', async () => {
  await pictures('right').first().dragTo(card('left'));
  await eventually(counts).toEqual([6, 6]);
  // The keyboard alone.
  await pictures('left').first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await page.keyboard.press('End');
  await page.keyboard.press('Space');
  await card('left').getByText('2 chosen').waitFor();
  await card('left').getByLabel('Move the chosen pictures to').selectOption('right');
  expect(await counts()).toEqual([4, 8]);
  await pictures('right').first().focus();
  await page.keyboard.press('Delete');
  expect(await counts()).toEqual([4, 7]);
  // The focus stays in the list.
  await page.keyboard.press('Delete');
  expect(await counts()).toEqual([4, 6]);
  await page.keyboard.press('Control+z');
  await says(page.locator('#cards-said'), /^Undone: deleting 1 picture\.$/);
  await page.keyboard.press('Control+z');
  await button('Undo').click();
  await button('Undo').click();
  expect(await counts()).toEqual([5, 7]);
});

test('classes are added and deleted, and must differ in name', async () => {
  await button('Add a class').click();
  await page.keyboard.type('left');
  await page.keyboard.press('Enter');
  await says(page.locator('#cards-hint'), /Two classes are called left/);
  await button('Delete the class left').last().click();
  expect(await counts()).toEqual([5, 7]);
  await button('Delete the class left').click();
  expect(await counts()).toEqual([7]);
  await button('Undo').click();
  expect(await counts()).toEqual([5, 7]);
  expect(await page.locator('#cards-hint').textContent()).toBe('');
});

test('the cards are there after a reload, and are trained on', { timeout: 200_000 }, async () => {
  await page.waitForTimeout(500); // the last change is written
  await page.reload();
  await eventually(counts).toEqual([5, 7]);
  await page.getByLabel('Expert view').check();
  await page.getByText('Change the settings').click();
  await page.locator('[name=channels]').selectOption('4');
  await page.locator('[name=epochs]').fill('1');
  await button('Train').click();
  await says(page.locator('#status'), /Training finished/, 150_000);
  await says(page.locator('#data-summary'), /own pictures: 2 classes, 10 training and 2 validation pictures/);
  await says(page.locator('#insight-summary'), /of the 2 validation pictures/);
  expect(await page.locator('#figure-epoch').textContent()).toBe('1 of 1');
  // Two pictures cannot tell a net from guessing.
  await says(
    page.locator('#advice'),
    /guessing, which gives 50\.0 %\..*Too few pictures to train on: left \(4\), right \(6\)/,
  );
  expect(visit.errors).toEqual([]);
});
