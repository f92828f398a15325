import { expect, test } from 'vitest';
import { COPY_ELEMENTS, copy, multiplyAdd } from '../../kernels/roofline/launch.ts';
import { measureRoofline } from '../../kernels/roofline/measure.ts';
import { testDevice } from '../support/device.ts';

test('the copy is one', async () => {
  const device = await testDevice();
  const data = Float32Array.from({ length: 2 * COPY_ELEMENTS }, (_, i) => i);
  const source = device.upload(data, [data.length]);
  const target = device.tensor(source.shape);
  copy(device, { source, copy: target });
  expect(await device.read(target)).toEqual(data);
});

test('every chain makes as many multiply-adds as are counted', async () => {
  const device = await testDevice();
  const sums = device.tensor([128]);
  const factors = device.upload(Float32Array.of(1, 1), [2]);
  using recording = await device.record(() => multiplyAdd(device, { factors, sums }));
  recording.run();
  // The 16 chains of thread x begin with x, x + 1 … x + 15, and each step adds one.
  const steps = recording.cost.flops / (2 * 16 * 128);
  const expected = Float32Array.from({ length: 128 }, (_, x) => 16 * (x + steps) + 120);
  expect(await device.read(sums)).toEqual(expected);
});

test('a roofline is measured, and gives its memory back', async () => {
  const device = await testDevice();
  const before = device.memory.inUse;
  const { bytesPerSecond, flopsPerSecond } = await measureRoofline(device);
  expect(device.memory.inUse).toBe(before);
  for (const figure of [bytesPerSecond, flopsPerSecond]) {
    expect(figure).toBeGreaterThan(1e6);
    expect(figure).toBeLessThan(1e16);
  }
});
