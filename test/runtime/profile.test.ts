import { expect, test } from 'vitest';
import * as elementwise from '../../kernels/elementwise/launch.ts';
import type { Device } from '../../src/runtime/device.ts';
import { profile, requireTimestamps } from '../../src/runtime/profile.ts';
import { testDevice } from '../support/device.ts';

test('a profile runs the recording behind all that is queued, with a span for each dispatch', async () => {
  const device = await testDevice();
  const x = device.upload(Float32Array.of(1), [1]);
  const recording = await device.record(() => {
    const sum = device.tensor([1]);
    for (let i = 0; i < 3; i++) {
      elementwise.add(device, { a: x, b: x, sum });
      elementwise.copy(device, { source: sum, copy: x });
    }
  });
  const ten = device.upload(Float32Array.of(10), [1]);
  elementwise.copy(device, { source: ten, copy: x });
  const spans = await profile(device, recording);
  expect((await device.read(x))[0]).toBe(80);
  expect(spans).toHaveLength(6);
  spans.forEach(({ start, duration }, i) => {
    expect(duration).toBeGreaterThanOrEqual(0); // some clocks are coarse
    if (i > 0) expect(start).toBeGreaterThanOrEqual(spans[i - 1].start + spans[i - 1].duration);
  });
});

test('an adapter without timestamps is told in one sentence', () => {
  const device = { gpu: { features: new Set() }, adapter: { name: 'Voodoo 2' } } as unknown as Device;
  expect(() => requireTimestamps(device)).toThrow(/^Voodoo 2 has no timestamps .*\.$/);
});
