import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { put } from '../data/files.ts';
import { writeRun } from '../support/checkpoint.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

test('yy-eval scores a split, or all pictures of a folder without splits, and --verbose lists the rest', async () => {
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const fill = (folder: string, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${folder}/red disc/${i}.png`, png]));
  const folder = await temporaryFolder();
  await put(folder, { ...fill('flat', 7), 'flat/notes.txt': 'x', ...fill('splits/val', 2), ...fill('splits/test', 3) });
  const run = await writeRun();
  const evaluate = async (data: string, ...flags: string[]) => {
    const { code, stdout, stderr } = await runCli('eval', [run, '--data', join(folder, data), '--json', ...flags]);
    expect(code, stderr).toBe(0);
    return { pictures: JSON.parse(stdout).pictures, stderr };
  };
  const { pictures, stderr } = await evaluate('flat', '--verbose');
  expect(pictures).toBe(7);
  expect(stderr).toContain('1 of 8 files is not used: 1 text file, notes.txt.\nnotes.txt: text file\n');
  expect((await evaluate('splits')).pictures).toBe(2);
  expect((await evaluate('splits', '--split', 'test')).pictures).toBe(3);
});
