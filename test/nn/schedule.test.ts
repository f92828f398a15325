import { expect, test } from 'vitest';
import { Constant, Cosine, OneCycle } from '../../src/nn/schedule.ts';

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

test('a constant rate after a warm-up that begins above 0', () => {
  expect(new Constant(0.4).at(0)).toEqual({ learningRate: 0.4 });
  const rates = Array.from({ length: 6 }, (_, step) => new Constant(0.4, 3).at(step).learningRate);
  expect(rates).toEqual([0.1, 0.2, expect.closeTo(0.3, 12), 0.4, 0.4, 0.4]);
});

test('a cosine reaches the final rate after its last step, and stays there', () => {
  const schedule = new Cosine(0.1, 20, { finalLearningRate: 0.01, warmupSteps: 4 });
  const rates = Array.from({ length: 24 }, (_, step) => schedule.at(step).learningRate);
  expect(rates.indexOf(Math.max(...rates))).toBe(4);
  expect(rates[4]).toBe(0.1);
  expect(rates[12]).toBeCloseTo(0.055, 12);
  expect(rates[19]).toBeGreaterThan(0.01);
  expect(rates.slice(20)).toEqual([0.01, 0.01, 0.01, 0.01]);
});

test.each([0, 1, 5])('a cosine of 5 steps with a longer warm-up has finite rates (step %i)', (step) => {
  const { learningRate } = new Cosine(0.1, 5, { warmupSteps: 9 }).at(step);
  expect(learningRate).toBeCloseTo((0.1 * (step + 1)) / 10, 12);
});
