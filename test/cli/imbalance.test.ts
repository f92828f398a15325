import { expect, test } from 'vitest';
import { describeImbalance } from '../../src/cli/run.ts';

test('classes that differ more than threefold are said, with --balance', () => {
  const classes = ['cat', 'dog'];
  const pictures = (cats: number, dogs: number) => ({
    classes,
    labels: Int32Array.from({ length: cats + dogs }, (_, i) => (i < cats ? 0 : 1)),
  });
  expect(describeImbalance(pictures(3, 9))).toBeUndefined();
  expect(describeImbalance(pictures(3, 10))).toMatch(/'dog' has 10 training pictures, 'cat' has 3; --balance /);
});
