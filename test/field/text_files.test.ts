import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../support/cli.ts';

const TINY = 'channels: 4\nbody_channels: 4\nhidden: 8\nbranch_blocks: 1\nbody_blocks: 1\n';
const COLOURS = { cat: '#c83c32', dog: '#3246c8' };

/** UTF-16 as Windows writes it, with a mark and CR LF. */
const utf16 = (text: string) => Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`, 'utf16le');

let folder: string;
let run: string;
let photos: string[];
beforeAll(async () => {
  folder = await temporaryFolder();
  run = join(folder, 'run');
  for (const [name, background] of Object.entries(COLOURS)) {
    await mkdir(join(folder, 'data', name), { recursive: true });
    const picture = sharp({ create: { width: 32, height: 32, channels: 3, background } }).png();
    for (let i = 0; i < 6; i++) await picture.clone().toFile(join(folder, 'data', name, `${i}.png`));
  }
  photos = ['cat/0.png', 'dog/1.png'].map((name) => join(folder, 'data', name));
  await writeFile(join(folder, 'tiny.yaml'), utf16(TINY));
  const args = ['--config', join(folder, 'tiny.yaml'), '--data', join(folder, 'data')];
  const { code, stderr } = await runCli('train', [...args, '--max-steps', '1', '--out', run, '--quiet']);
  expect(code, stderr).toBe(0);
});

test('a recipe in UTF-16 is followed', async () => {
  expect(JSON.parse(await readFile(join(run, 'config.json'), 'utf8'))).toMatchObject({ channels: 4, hidden: 8 });
});

test('a list between zeros, one in UTF-16 and a wildcard name the same pictures', async () => {
  const predict = async (args: string[], input?: string | Uint8Array) => {
    const { code, stdout, stderr } = await runCli('predict', [run, ...args], {}, input);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const expected = await predict(photos);
  expect(expected.trim().split('\n')).toHaveLength(2);
  expect(await predict(['-'], photos.map((file) => `${file}\0`).join(''))).toBe(expected);
  expect(await predict(['-'], utf16(photos.join('\n')))).toBe(expected);
  expect(await predict([join(folder, 'data', '*', '{0,1}.png')])).toContain(expected.split('\n')[0]);
});

test('a picture on stdin is refused in one sentence', async () => {
  const { code, stdout, stderr } = await runCli('predict', [run, '-'], {}, await readFile(photos[0]));
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.trim().split('\n').at(-1)).toMatch(/^yy-predict: Stdin is .* a list of paths; name the picture's file/);
});
