import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { softmax } from '../../src/inference/classifier.ts';
import { fitTemperature } from '../../src/inference/temperature.ts';

const CLASSES = 5;

/** Logits of pictures, and labels drawn from the probabilities that the logits have at a temperature. */
function draw(pictures: number, temperature: number) {
  const random = new Random(1);
  const logits = Float32Array.from({ length: pictures * CLASSES }, () => 4 * random.normal());
  const labels = Array.from({ length: pictures }, (_, i) => {
    const row = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    let left = random.uniform();
    const label = softmax(row.map((logit) => logit / temperature)).findIndex((probability) => {
      left -= probability;
      return left < 0;
    });
    return Math.max(label, 0);
  });
  return { logits, labels };
}

/** Σ −log p of the labels. */
const loss = ({ logits, labels }: ReturnType<typeof draw>, temperature: number) =>
  labels.reduce((sum, label, i) => {
    const row = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    return sum - Math.log(softmax(row.map((logit) => logit / temperature))[label]);
  }, 0);

test.each([0.5, 1, 3])('finds the temperature %f that labels were drawn at, with the lowest loss', (temperature) => {
  const drawn = draw(4000, temperature);
  const found = fitTemperature(drawn.logits, drawn.labels, CLASSES);
  expect(Math.abs(found / temperature - 1)).toBeLessThan(0.06);
  const best = loss(drawn, found);
  for (const other of [0.97 * found, 1.03 * found]) expect(loss(drawn, other)).toBeGreaterThan(best);
});

test('a net that takes few pictures all right is not made sure of everything', () => {
  const logits = Float32Array.of(9, 0, 0, 0, 9, 0, 0, 0, 9);
  const temperature = fitTemperature(logits, [0, 1, 2], 3);
  expect(temperature).toBeGreaterThan(0.9);
  expect(temperature).toBeLessThanOrEqual(1);
});

test('a net that is wrong gets the highest temperature, one with the same logits for all 1', () => {
  expect(fitTemperature(Float32Array.of(5, 0, 0, 5), [1, 0], 2)).toBe(100);
  expect(fitTemperature(new Float32Array(8), [0, 1, 1, 0], 2)).toBeCloseTo(1, 3);
});
