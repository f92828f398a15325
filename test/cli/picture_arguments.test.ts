import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { listPictures } from '../../src/cli/picture_arguments.ts';
import { temporaryFolder } from '../support/cli.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n and more', 'latin1');
let folder: string;
let files: string[];

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'inner'));
  files = ['a.png', 'b c.png', 'inner/[1].png'].map((name) => join(folder, name));
  for (const file of [...files, join(folder, '.hidden')]) await writeFile(file, PNG);
});

const fromStdin = (content: string | Buffer) => listPictures(['-'], Readable.from([Buffer.from(content)]));

test('a folder stands for its files, a wildcard for those that match, and a name for itself', async () => {
  expect(await listPictures([folder])).toEqual(files);
  expect(await listPictures([join(folder, '*.png'), files[2], 'no/such.png'])).toEqual([
    ...files.slice(0, 2),
    files[2],
    'no/such.png',
  ]);
  expect(await listPictures([join(folder, '**/*.png')])).toEqual(files);
});

test.each<[string, (files: string[]) => string | Buffer]>([
  ['lines', (files) => files.join('\n')],
  ['lines that end as on Windows, with a byte-order mark', (files) => `\ufeff${files.join('\r\n')}\r\n`],
  ['UTF-16', (files) => Buffer.from(`\ufeff${files.join('\r\n')}`, 'utf16le')],
  ['names between zeros, as of find -print0', (files) => files.map((file) => `${file}\0`).join('')],
  ['quotes', (files) => files.map((file) => `"${file}"`).join('\n')],
  ['a comment', (files) => `# my pictures\n\n${files.join('\n')}`],
])('a list on stdin may have %s', async (_, write) => {
  expect(await fromStdin(write(files))).toEqual(files);
});

test('a name that is not UTF-8 is listed', async () => {
  expect(await fromStdin(Buffer.from('caf\xe9.png\n', 'latin1'))).toEqual(['caf\ufffd.png']);
});

test.each([
  [() => fromStdin(PNG), /^Stdin is a PNG picture, but - reads a list of paths; name the picture's file instead\.$/],
  [() => fromStdin('\n'), /^Stdin lists no pictures/],
  [() => listPictures([join(folder, '*.jpg')]), /\*\.jpg' matches no file\.$/],
])('refuses what lists nothing in a sentence', async (list, message) => {
  await expect(list()).rejects.toThrow(message);
});
