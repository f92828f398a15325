import { afterEach, expect, test, vi } from 'vitest';
import { DataLine, ProgressLine } from '../../src/cli/progress.ts';
import type { Progress } from '../../src/train/hooks.ts';

const { isTTY, columns: width } = process.stderr;
afterEach(() => {
  Object.assign(process.stderr, { isTTY, columns: width });
  vi.restoreAllMocks();
});

/** What `draw` writes to a terminal of that width. */
function written(columns: number, draw: () => void): string[] {
  const texts: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => texts.push(`${text}`) > 0);
  Object.assign(process.stderr, { isTTY: true, columns });
  draw();
  return texts;
}

function drawData(task: string): void {
  const line = new DataLine();
  line.update({ task, done: 1, total: 4 });
  line.stop();
}

const progress: Progress = {
  ...{ epoch: 12, epochs: 40, phase: 'validate', images: 9984, of: 10000, step: 9384, steps: 31280 },
  ...{ learningRate: 0.00123, loss: 1.23456, accuracy: 0.5432, imagesPerSecond: 1234.56, secondsLeft: 3900 },
};

function drawTraining(): void {
  const line = new ProgressLine();
  line.update(progress);
  line.stop();
}

test('a bar leaves the modes of the terminal alone, which a signal would not undo', () => {
  expect(written(30, () => drawData('decoding a folder')).filter((text) => text.includes('\x1b[?'))).toEqual([]);
});

test.each([30, 80])(
  'in %d columns a long path does not push the percentage out, and is no control sequence',
  (columns) => {
    const texts = written(columns, () => drawData(`decoding /a/\x1b[31m/${'long/'.repeat(40)}path`));
    const bar = texts.find((text) => text.startsWith('decod'))!;
    expect(bar.length).toBeLessThanOrEqual(columns);
    expect(bar).toMatch(/ 25 %$/);
    expect(bar).not.toContain('\x1b');
  },
);

test('in 80 columns the line of training shows the time left, the loss and the accuracy', () => {
  const bar = written(80, drawTraining).find((text) => text.startsWith('epoch'))!;
  expect(bar.length).toBeLessThanOrEqual(80);
  expect(bar).toMatch(/^epoch 12\/40 validate [━─]{12} 1 h 05 min left {2}loss 1\.2346 {2}accuracy 54\.3 %$/);
});

test('a wide terminal shows all, a narrow one nothing in part', () => {
  const [wide, narrow] = [160, 50].map((columns) => written(columns, drawTraining).find((t) => t.startsWith('epoch')));
  expect(wide).toMatch(/left {2}loss .* {2}9984\/10000 {2}1234\.6 images\/s {2}step 9384\/31280 {2}lr 0\.00123$/);
  expect(narrow).toMatch(/^epoch 12\/40 validate [━─]{7} 1 h 05 min left$/);
});
