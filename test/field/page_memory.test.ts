import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/cli.ts';
import { beginVisit, type Visit } from '../web/visit.ts';

const MEGA = 1_000_000;

/** The most memory that the page's process has had, in bytes. */
async function peakOf({ page }: Visit): Promise<number> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const peaks = renderers.map(async ({ id }) => {
    const status = await readFile(`/proc/${id}/status`, 'utf8');
    return 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]);
  });
  return Math.max(...(await Promise.all(peaks)));
}

test('a folder of large files is decoded within 1.5 GB', async () => {
  const folder = await temporaryFolder();
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  for (const name of ['cat', 'dog']) {
    await mkdir(join(folder, name));
    for (let i = 0; i < 4; i++) {
      const path = join(folder, name, `${i}.png`);
      await writeFile(path, picture);
      // What follows a picture's end is read with it.
      await truncate(path, 150 * MEGA);
    }
  }
  const visit = await beginVisit();
  try {
    await visit.page.getByText('Folder, zip').click();
    await visit.page.locator('#pick-folder').setInputFiles(folder);
    const summary = () => visit.page.locator('#data-summary').textContent();
    await expect.poll(summary, { timeout: 60_000 }).toMatch(/2 classes, 6 training and 2 validation pictures/);
    expect(await peakOf(visit)).toBeLessThan(1500 * MEGA);
    expect(visit.errors).toEqual([]);
  } finally {
    await visit.end();
    await rm(folder, { recursive: true });
  }
});
