import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';

const draw = (random: Random, n: number) => Array.from({ length: n }, () => random.bits());

test('gives the numbers of the reference sfc32', () => {
  expect(draw(new Random(0), 3)).toEqual([4216505632, 947923937, 2491578854]);
  expect(draw(new Random(2 ** 53 - 1, 2 ** 32 - 1), 3)).toEqual([2244433972, 2228909368, 1976297037]);
});

test('a restored state goes on where the saved one was', () => {
  const random = new Random(7);
  draw(random, 10);
  const state = JSON.parse(JSON.stringify(random.getState()));
  const expected = draw(random, 5);
  const restored = new Random(0);
  restored.setState(state);
  expect(draw(restored, 5)).toEqual(expected);
});

test('seeds and streams differ, equal ones agree', () => {
  const first = [new Random(1), new Random(2), new Random(1, 1), new Random(1 + 2 ** 32)].map((r) => draw(r, 4).join());
  expect(new Set(first).size).toBe(4);
  expect(draw(new Random(1), 4).join()).toBe(first[0]);
});

test('uniform, int and normal have the right distributions', () => {
  const random = new Random(3);
  const n = 50_000;
  const uniform = Array.from({ length: n }, () => random.uniform(-2, 6));
  const normal = Array.from({ length: n }, () => random.normal());
  const counts = new Array(7).fill(0);
  for (let i = 0; i < n; i++) counts[random.int(7)]++;

  expect(Math.min(...uniform)).toBeGreaterThanOrEqual(-2);
  expect(Math.max(...uniform)).toBeLessThan(6);
  expect(mean(uniform)).toBeCloseTo(2, 1);
  expect(mean(normal)).toBeCloseTo(0, 1);
  expect(mean(normal.map((x) => x * x))).toBeCloseTo(1, 1);
  expect(mean(normal.map((x) => x ** 4))).toBeCloseTo(3, 0);
  for (const count of counts) expect(Math.abs(count / n - 1 / 7)).toBeLessThan(0.01);
});

test('shuffle is a permutation, every element as likely in every place', () => {
  const random = new Random(4);
  const first = new Array(5).fill(0);
  const array = Uint32Array.of(0, 1, 2, 3, 4);
  for (let i = 0; i < 5000; i++) {
    random.shuffle(array);
    first[array[0]]++;
  }
  expect([...array].sort()).toEqual([0, 1, 2, 3, 4]);
  for (const count of first) expect(Math.abs(count / 5000 - 0.2)).toBeLessThan(0.03);
});

test('refuses a seed that is no integer', () => {
  expect(() => new Random(1.5)).toThrow(RangeError);
  expect(() => new Random(-1)).toThrow(RangeError);
});

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
