import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { reasonOf } from '../../src/data/left_out.ts';
import { isRead, type KindName, kindOf } from '../../src/data/picture_kind.ts';
import { readHead } from '../../src/data/picture-file.ts';
import { put, temporaryFolder } from '../data/files.ts';

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const box = (...brands: string[]) =>
  `\0\0\0${String.fromCharCode(16 + 4 * (brands.length - 1))}ftyp${brands[0]}\0\0\0\0`
    .concat(...brands.slice(1))
    .padEnd(80, '\0');

test.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('knows %s by its bytes, and reads it', async (format) => {
  const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } });
  const kind = kindOf(await picture.toFormat(format).toBuffer());
  expect(kind).toBe(format);
  expect(isRead(kind)).toBe(true);
});

test.each<[KindName, string]>([
  ['tiff', 'II*\0\x08\0\0\0'],
  ['heic', box('heic', 'mif1')],
  ['heic', box('mif1', 'heic')],
  ['avif', box('mif1', 'miaf', 'avif')],
  ['raw', box('crx ')],
  ['video', box('isom', 'mp41')],
  ['video', box('qt  ')],
  ['audio', box('M4A ')],
  ['bmp', `BM\x36\x30\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0@\0\0\0`],
  ['text', 'BMW, Audi and others are the classes of this data set.'],
  ['svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['svg', '\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<svg>'],
  ['html', '\n<!DOCTYPE html><html><body>404 <svg></svg></body></html>'],
  ['html', '<!-- proxy --><HTML>'],
  ['xml', '<?xml version="1.0"?><annotation/>'],
  ['lfs', 'version https://git-lfs.github.com/spec/v1\noid sha256:0'],
  ['text', 'file,class\na.jpg,cat\n'],
  ['text', '\xff\xfea\0,\0b\0'],
  ['empty', ''],
  ['zeros', '\0'.repeat(5000)],
  ['pdf', '%PDF-1.4'],
  ['zip', 'PK\x03\x04'],
  ['archive', '\x1f\x8b\x08\0'],
  ['video', 'RIFF\0\0\0\0AVI LIST'],
  ['audio', 'RIFF\0\0\0\0WAVEfmt '],
  ['unknown', '\x01\x02\x03\x04'],
])('says %s', (kind, content) => {
  expect(kindOf(bytes(content))).toBe(kind);
  expect(isRead(kind)).toBe(kind === 'avif');
});

test('says what to do', () => {
  expect(reasonOf({ kind: 'heic' })).toBe('HEIC picture; convert to JPEG or PNG');
  expect(reasonOf({ kind: 'damaged', detail: 'it ends early' })).toBe('damaged picture: it ends early');
});

test('opens nothing but regular files', async () => {
  const folder = await temporaryFolder();
  await put(folder, { 'a.jpg': 'text' });
  execFileSync('mkfifo', [join(folder, 'pipe.jpg')]);
  expect(Buffer.from(await readHead(join(folder, 'a.jpg'))).toString()).toBe('text');
  await expect(readHead(join(folder, 'pipe.jpg'))).rejects.toThrow('device or pipe');
  await expect(readHead('/dev/zero')).rejects.toThrow('device or pipe');
  await expect(readHead(join(folder, 'none.jpg'))).rejects.toThrow('file that cannot be opened: ENOENT');
});
