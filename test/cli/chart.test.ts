import { expect, test } from 'vitest';
import { dotPlot, learningCurves } from '../../src/cli/chart.ts';

test('a chart is the same file, whatever was drawn before it', () => {
  const common = { train_loss: 1, train_accuracy: 0.5, val_loss: 1, val_accuracy: 0.5, best_accuracy: 0.5 };
  const metrics = [1, 2].map((epoch) => ({ ...common, epoch, step: epoch, learning_rate: 0.1, weight_decay: 0.1 }));
  const plot = () => dotPlot([{ name: 'a', values: [1, 2], reference: 3 }], 'accuracy, %', 'paper');
  const before = [learningCurves(metrics), plot()];
  expect([learningCurves(metrics), plot()]).toEqual(before);
});

test('curves of another training lie beside the own ones, those that it has', () => {
  const epoch = { epoch: 1, train_loss: 1, val_loss: 2, val_accuracy: 0.5 };
  const own = learningCurves([{ ...epoch, train_accuracy: 0.4 }]);
  const both = learningCurves([epoch], { name: 'PyTorch', epochs: [epoch] });
  const dashed = (picture: string) => picture.match(/<path[^>]*stroke-dasharray/g)?.length ?? 0;
  expect(own).not.toContain('PyTorch');
  expect([both.includes('validation, PyTorch'), both.includes('training, PyTorch')]).toEqual([true, true]);
  expect(dashed(own)).toBe(0);
  expect(dashed(both)).toBeGreaterThanOrEqual(3);
});
