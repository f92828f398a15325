import { expect, test } from 'vitest';
import { printable, printableName, shorten } from '../../src/runtime/printable.ts';

test('what a terminal would obey is escaped, in a form that JSON reads', () => {
  const name = 'a\x1b[31m\x9b\x7f\u202e\r\nb';
  expect(printableName(name)).toBe('a\\u001b[31m\\u009b\\u007f\\u202e\\u000d\\u000ab');
  expect(printable(name)).toBe('a\\u001b[31m\\u009b\\u007f\\u202e\\u000d\nb');
  expect(JSON.parse(printable(JSON.stringify(name)))).toBe(name);
  expect(printableName('Zoë, 猫 🐈')).toBe('Zoë, 猫 🐈');
});

test('a long text loses its middle', () => {
  expect(shorten('short', 10)).toBe('short');
  expect(shorten(`${'a'.repeat(600)}${'b'.repeat(600)}`, 10)).toBe('aaaaa … (1190 characters) … bbbbb');
});
