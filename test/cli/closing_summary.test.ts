import { expect, test } from 'vitest';
import { closingSummary } from '../../src/cli/closing_summary.ts';
import { ConfusionMatrix } from '../../src/inference/confusion.ts';
import type { EpochMetrics } from '../../src/train/hooks.ts';

/** Metrics of epochs, from their training loss, validation loss and validation accuracy. */
const epochs = (...rows: [number, number, number][]) =>
  rows.map(([train_loss, val_loss, val_accuracy], i) => ({
    epoch: i + 1,
    train_loss,
    val_loss,
    val_accuracy,
  })) as EpochMetrics[];

/** A confusion matrix with ten pictures a class. `right`: the number of correct predictions of each class. */
function matrix(right: Record<string, number>) {
  const confusion = new ConfusionMatrix(Object.keys(right));
  const classes = Object.keys(right).length;
  Object.values(right).forEach((count, k) => {
    for (let i = 0; i < 10; i++) confusion.add(k, i < count ? k : (k + 1) % classes);
  });
  return confusion;
}

test('the best epoch, chance and the next commands are said', () => {
  const metrics = epochs([1, 1, 0.5], [0.5, 0.6, 0.8], [0.45, 0.61, 0.75]);
  const text = closingSummary({ metrics, confusion: matrix({ cat: 8, dog: 8, owl: 8 }), path: 'runs/pets' });
  expect(text.split('\n')).toEqual([
    'Best: 80.0 % of the validation pictures after epoch 2 of 3, where guessing gives 33.3 %: runs/pets/best.safetensors',
    expect.stringMatching(/^Next: yy-eval runs\/pets .*yy-predict runs\/pets PICTURE .*yy-export runs\/pets /),
  ]);
});

test('overfitting and weak classes are said with their numbers', () => {
  const metrics = epochs([1, 0.9, 0.6], [0.5, 0.7, 0.8], [0.1, 1.2, 0.7]);
  const text = closingSummary({ metrics, confusion: matrix({ cat: 10, dog: 4, owl: 9, bat: 5 }), path: 'runs/pets' });
  expect(text).toContain(
    'Overfitting: since epoch 2 the validation loss rose from 0.70 to 1.20 while the training loss fell from 0.50 to 0.10',
  );
  expect(text).toContain('Weakest classes: dog 40.0 % of 10, bat 50.0 % of 10\n');
});

test('no overfitting where the loss rises from nearly zero to nearly zero', () => {
  const metrics = epochs([0.1, 0.004, 1], [0.01, 0.006, 1]);
  const text = closingSummary({ metrics, confusion: matrix({ cat: 10, dog: 10 }), path: 'runs/pets' });
  expect(text).not.toContain('Overfitting');
});

test.each([
  [0.4, true],
  [0.6, false],
])('an accuracy of %f on 30 pictures of three classes: by chance %s', (accuracy, byChance) => {
  const text = closingSummary({
    metrics: epochs([1, 1, accuracy]),
    confusion: matrix({ cat: 4, dog: 4, owl: 4 }),
    path: 'runs/pets',
  });
  expect(text.includes('no better than guessing')).toBe(byChance);
});

test('few validation pictures tell little', () => {
  const confusion = new ConfusionMatrix(['cat', 'dog']);
  for (let i = 0; i < 4; i++) confusion.add(i % 2, i % 2);
  const text = closingSummary({ metrics: epochs([1, 1, 1]), confusion, path: 'runs/pets' });
  expect(text).toContain('4 validation pictures are too few to tell this from guessing.');
});
