import { expect, test } from 'vitest';
import type { Insight } from '../../src/inference/insight.ts';
import { adviceOn } from '../../web/advice.ts';

/** The result of a net on validation pictures: their numbers as [class][prediction]. */
function insight(...rows: number[][]): Insight {
  const confusion = Uint32Array.from(rows.flat());
  const count = rows.flat().reduce((a, b) => a + b);
  const right = rows.reduce((sum, row, k) => sum + row[k], 0);
  const classNames = ['cat', 'dog', 'owl'].slice(0, rows.length);
  return { classNames, count, of: count, accuracy: right / count, confusion, samples: [], mistakes: [] };
}

test('near chance, the classes of too few pictures are named', () => {
  const few = insight([1, 1, 0], [1, 1, 0], [0, 1, 1]);
  expect(adviceOn(few, [18, 30, 9])).toEqual([
    '6 validation pictures are too few to tell this from guessing, which gives 33.3 %.',
    'Too few pictures to train on: cat (18), owl (9). Add some; 20 or more of each class are better.',
    expect.stringMatching(/^cat is most often taken for dog: /),
  ]);
});

test('near chance with many pictures, unequal classes and the largest confusion are named', () => {
  const guessing = insight([10, 30], [12, 28]);
  expect(adviceOn(guessing, [100, 400])).toEqual([
    'The net does no better than guessing, which gives 50.0 %.',
    'cat has 100 pictures, dog 400: give each class about as many.',
    expect.stringMatching(/^cat is most often taken for dog: /),
  ]);
});

test('otherwise only a weak class is named', () => {
  expect(adviceOn(insight([20, 0, 0], [1, 19, 0], [0, 8, 12]), [5, 5, 5])).toEqual([
    'The net knows owl least: 60.0 % of its 20 validation pictures. More pictures of it may help.',
  ]);
  expect(adviceOn(insight([20, 0], [1, 19]), [5, 5])).toEqual([]);
});
