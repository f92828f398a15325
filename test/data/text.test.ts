import { expect, test } from 'vitest';
import { decodeText, encodingOf, linesOf } from '../../src/data/text.ts';
import { UserError } from '../../src/runtime/errors.ts';

const text = 'cat\r\ncafé 猫\n';
const utf16 = (bigEndian: boolean, mark: boolean) => {
  const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};

test.each([
  ['UTF-8', Buffer.from(text)],
  ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
  ['UTF-16LE with a mark', utf16(false, true)],
  ['UTF-16BE with a mark', utf16(true, true)],
])('reads %s', (_, bytes) => {
  expect(decodeText(bytes, 'a file')).toBe(text);
});

test.each(['utf-16le', 'utf-16be'])('knows %s without a mark by its zeros', (encoding) => {
  const bytes = Buffer.from('cat\ndog\n', 'utf16le');
  if (encoding === 'utf-16be') bytes.swap16();
  expect(encodingOf(bytes)).toBe(encoding);
  expect(decodeText(bytes, 'a file')).toBe('cat\ndog\n');
});

test('a list of names between zeros is no UTF-16', () => {
  expect(encodingOf(Buffer.from('a.png\0b.png\0'))).toBe('utf-8');
});

test('refuses other encodings by the name of the file', () => {
  expect(() => decodeText(Buffer.from('caf\xe9', 'latin1'), 'names.txt')).toThrow(UserError);
  expect(() => decodeText(Buffer.from('caf\xe9', 'latin1'), 'names.txt')).toThrow(/^names\.txt is neither UTF-8/);
});

test('lines end as on any system', () => {
  expect(linesOf('cat\r\n dog \rcow\n\n  \nhen')).toEqual(['cat', 'dog', 'cow', 'hen']);
});
