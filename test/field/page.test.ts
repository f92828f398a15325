import { zipSync } from 'fflate';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginVisit, drop, type Visit } from '../web/visit.ts';

let visit: Visit;
let page: Page;
let target: Locator;

beforeAll(async () => {
  visit = await beginVisit();
  page = visit.page;
  await page.getByText('Folder, zip').click();
  target = page.locator('#data-drop');
});

afterAll(() => visit?.end());

const says = (what: string, text: RegExp) =>
  expect.poll(() => page.locator(what).textContent(), { timeout: 60_000 }).toMatch(text);

const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } });

test('in the browser too, pictures are read by their content and all else is named', async () => {
  const jpeg = await picture.jpeg().toBuffer();
  await drop(target, {
    'pets.zip': zipSync({
      ...Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`pets\\dog\\${i}.jpg`, jpeg])),
      'pets/cat/a.jfif': jpeg,
      'pets/cat/b': await picture.png().toBuffer(),
      'pets/cat/c.dat': await picture.webp().toBuffer(),
      'pets/cat/d.gif': await picture.gif().toBuffer(),
      'pets/cat/e.avif': await picture.avif().toBuffer(),
      'pets/cat/f.jpg': Buffer.from('<!doctype html><title>404</title>'),
      'pets/cat/g.jpg': new Uint8Array(),
      'pets/cat/h.heic': Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
      'pets/cat/@eaDir/a.jpg': jpeg,
      'pets/test.txt': Buffer.from('What this is.'),
    }),
  });
  await says('#data-summary', /^pets: 2 classes, 8 training and 2 validation pictures/);
  await says('#left-out summary', /^4 of 14 files are not used: .*1 HEIC picture, pets\/cat\/h\.heic \(convert to/);
  expect(await page.locator('#left-out li').allTextContents()).toEqual([
    'pets/test.txt: text file',
    'pets/cat/f.jpg: web page; download again',
    'pets/cat/g.jpg: empty file; download again',
    'pets/cat/h.heic: HEIC picture; convert to JPEG or PNG',
  ]);
});

test('loose pictures and folders of one class become cards', async () => {
  const bytes = await picture.jpeg().toBuffer();
  await drop(target, { '1.jpg': bytes, '2.jpg': bytes });
  await says('.class-card:nth-child(1)', /2 pictures/);
  await drop(page.locator('#cards-drop'), { '3.jpg': bytes, '4.png': bytes, '5.jpg': bytes });
  await says('.class-card:nth-child(2)', /3 pictures/);
  await drop(page.locator('#cards-drop'), { '6.jpg': bytes });
  await says('.class-card:nth-child(3)', /1 picture/);
  expect(visit.errors).toEqual([]);
});
