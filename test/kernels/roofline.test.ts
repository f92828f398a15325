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

test('every chain of multiply-adds ends where it must', async () => {
  const device = await testDevice();
  const sums = device.tensor([128]);
  // Halved and increased by one again and again, any number comes to 2; there are 16 chains.
  multiplyAdd(device, { factors: device.upload(Float32Array.of(0.5, 1), [2]), sums });
  expect(await device.read(sums)).toEqual(new Float32Array(128).fill(32));
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
