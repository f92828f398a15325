import { expect, test } from 'vitest';
import { ConfusionMatrix } from '../../src/inference/confusion.ts';

test('counts what each class was taken for', () => {
  const confusion = new ConfusionMatrix(['cat', 'dog', 'fish']);
  for (const [label, prediction] of [
    [0, 0],
    [0, 0],
    [0, 1],
    [1, 1],
  ]) {
    confusion.add(label, prediction);
  }
  expect([confusion.at(0, 0), confusion.at(0, 1), confusion.at(1, 0)]).toEqual([2, 1, 0]);
  expect(confusion.total).toBe(4);
  expect(confusion.accuracy).toBe(3 / 4);
  expect(confusion.classes).toEqual([
    { name: 'cat', count: 3, precision: 1, recall: 2 / 3 },
    { name: 'dog', count: 1, precision: 1 / 2, recall: 1 },
    { name: 'fish', count: 0, precision: null, recall: null },
  ]);
});
