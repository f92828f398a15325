import { expect, test } from 'vitest';
import { OneCycle } from '../../src/nn/schedule.ts';

test('One Cycle begins at max/25, peaks at the maximum and ends at max/250,000', () => {
  const schedule = new OneCycle(0.01, 100);
  expect(schedule.at(0).learningRate).toBeCloseTo(0.01 / 25, 12);
  expect(schedule.at(0).beta1).toBeCloseTo(0.95, 12);
  expect(schedule.at(29).learningRate).toBeCloseTo(0.01, 12);
  expect(schedule.at(29).beta1).toBeCloseTo(0.85, 12);
  expect(schedule.at(99).learningRate).toBeCloseTo(0.01 / 25 / 1e4, 15);
  expect(schedule.at(99).beta1).toBeCloseTo(0.95, 12);
});

test.each([1, 2, 3, 4, 10])(
  'One Cycle of %i steps gives finite values throughout, and stays after its end',
  (steps) => {
    const schedule = new OneCycle(0.01, steps);
    for (let step = 0; step <= steps + 2; step++) {
      const { learningRate, beta1 } = schedule.at(step);
      expect(learningRate).toBeGreaterThan(0);
      expect(learningRate).toBeLessThanOrEqual(0.01);
      expect(beta1).toBeGreaterThanOrEqual(0.85 - 1e-12);
      expect(beta1).toBeLessThanOrEqual(0.95 + 1e-12);
    }
    expect(schedule.at(steps + 5)).toEqual(schedule.at(steps));
  },
);
