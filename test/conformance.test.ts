import { expect, test } from 'vitest';
import { readCases } from './conformance/folder.ts';
import { runners } from './conformance/ops.ts';
import { judge } from './conformance/verdict.ts';
import { testDevice } from './support/device.ts';

// A few of PyTorch's reference cases, at least one for each op; `npm run conformance -- DIR` runs any folder of them.
test.each((await readCases('test/fixtures')).map((fixture) => [fixture.name, fixture] as const))(
  '%s agrees with PyTorch',
  async (_, fixture) => {
    const verdicts = judge(fixture, await runners[fixture.op](await testDevice(), fixture));
    expect(verdicts.length).toBeGreaterThan(0);
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
  },
);

test('a wrong result, a missing one and a gradient that should be zero fail', async () => {
  const fixture = (await readCases('test/fixtures')).find(({ name }) => name === 'residual_01')!;
  const right = new Map(Object.entries(fixture.tensors).map(([name, { data }]) => [name, data as ArrayLike<number>]));
  const failures = (results: typeof right) =>
    judge(fixture, results)
      .filter(({ passed }) => !passed)
      .map(({ name }) => name);
  expect(failures(right)).toEqual([]);
  const y = Array.from(right.get('out.y')!, (value) => value * 1.001);
  expect(failures(new Map(right).set('out.y', y))).toEqual(['out.y']);
  expect(failures(new Map(right).set('grad.conv1.bias', new Float32Array(16).fill(1)))).toEqual(['grad.conv1.bias']);
  const without = new Map(right);
  without.delete('grad.x');
  expect(failures(without)).toEqual(['grad.x']);
});
