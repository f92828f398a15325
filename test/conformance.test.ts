import { expect, test } from 'vitest';
import { gpuCapabilities } from '../src/runtime/capabilities.ts';
import type { Device } from '../src/runtime/device.ts';
import { presets } from '../src/yinyang/config.ts';
import type { Case } from './conformance/fixture.ts';
import { readCases } from './conformance/folder.ts';
import { runners } from './conformance/ops.ts';
import { judge } from './conformance/verdict.ts';
import { openDevice, testDevice } from './support/device.ts';

// A few of PyTorch's reference cases, at least one for each op; `npm run conformance -- DIR` runs any folder of them.
const cases = (await readCases('test/fixtures')).map((fixture) => [fixture.name, fixture] as const);

async function expectAgreement(device: Device, fixture: Case): Promise<void> {
  const verdicts = judge(fixture, await runners[fixture.op]({ device, precision: 'f32' }, fixture));
  expect(verdicts.length).toBeGreaterThan(0);
  expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
}

test.each(cases)('%s agrees with PyTorch', async (_, fixture) => expectAgreement(await testDevice(), fixture));

// With many channels, a GPU's tiles run code that software tiles do not reach.
test.each(cases.filter(([name]) => name.endsWith('many_channels')))(
  "%s agrees with PyTorch, with a GPU's tiles",
  async (_, fixture) => {
    const device = await openDevice({ capabilities: gpuCapabilities });
    await expectAgreement(device, fixture);
    device.destroy();
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

test("an error may be four times PyTorch's own, and in mixed precision as much more as f16 has fewer bits", async () => {
  const fixture = (await readCases('test/fixtures')).find(({ name }) => name === 'fuse_3')!;
  const want = fixture.tensors['out.y'].data;
  const passes = (error: number, float32Error: number, precision: 'f32' | 'mixed') => {
    const results = new Map([['out.y', Array.from(want, (value) => value * (1 + error))]]);
    const verdicts = judge({ ...fixture, float32_error: { 'out.y': float32Error } }, results, precision);
    return verdicts.find(({ name }) => name === 'out.y')!.passed;
  };
  expect([passes(3.9e-3, 1e-3, 'f32'), passes(4.1e-3, 1e-3, 'f32'), passes(1.1e-4, 1e-5, 'f32')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([passes(0.019, 1e-7, 'mixed'), passes(0.021, 1e-7, 'mixed'), passes(0.3, 1e-5, 'mixed')]).toEqual([
    true,
    false,
    true,
  ]);
});

test('a whole net of any config', async () => {
  const fixture = (await readCases('test/fixtures')).find(({ op }) => op === 'yynet')!;
  const { channels, classes, activation, gate, fusion, yin, ...training } = fixture.attrs;
  const config = { ...presets['yynet-16'], channels, bodyChannels: channels, classes, activation, gate, fusion, yin };
  const setup = { device: await testDevice(), precision: 'f32' } as const;
  const net = { ...fixture, op: 'yynet_config', attrs: { ...training, config, steps: 1 } };
  const results = await runners.yynet_config(setup, net);
  expect(results.get('out.losses')![0]).toBeCloseTo(fixture.tensors['out.losses'].data[0], 5);
});
