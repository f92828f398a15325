import { expect, test, vi } from 'vitest';
import { DataLine } from '../../src/cli/progress.ts';

test('a bar leaves the modes of the terminal alone, which a signal would not undo, and fits into it', () => {
  const written: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(`${text}`) > 0);
  const { isTTY, columns } = process.stderr;
  Object.assign(process.stderr, { isTTY: true, columns: 30 });
  const line = new DataLine();
  line.update({ task: 'decoding a folder', done: 1, total: 4 });
  line.stop();
  Object.assign(process.stderr, { isTTY, columns });
  write.mockRestore();
  expect(written.filter((text) => text.includes('\x1b[?'))).toEqual([]);
  const [bar] = written.filter((text) => text.startsWith('decoding'));
  expect(bar).toHaveLength(30);
});
