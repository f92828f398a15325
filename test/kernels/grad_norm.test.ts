import { expect, test } from 'vitest';
import { clip, gradNorm } from '../../kernels/grad_norm/launch.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

for (const length of [1, 3, 64, 65, 256, 260, 4099, 65536, 700_001]) {
  test(`gradNorm of ${length} elements`, async () => {
    const device = await testDevice();
    const gradient = normal([length], new Random(length));
    const want = Math.sqrt(gradient.data.reduce((sum, g) => sum + g * g, 0));
    const norm = device.tensor([1]);
    device.tidy(() => gradNorm(device, { gradient: upload(device, gradient), norm }));
    expect(Math.abs((await device.read(norm))[0] / want - 1)).toBeLessThan(3e-7);
  });
}

test('clip scales down to the largest norm, and leaves a smaller gradient as it is', async () => {
  const device = await testDevice();
  const host = normal([65], new Random(1));
  const length = Math.hypot(...host.data);
  const gradient = upload(device, host);
  const norm = device.upload(Float32Array.of(length), [1]);
  const clipped = device.tensor([65]);
  for (const maxNorm of [0.5, 2 * length]) {
    clip(device, { gradient, norm, maxNorm, clipped });
    const scale = Math.min(1, maxNorm / (length + 1e-6));
    const want = host.data.map((g) => scale * g);
    expect(relativeError(await device.read(clipped), want)).toBeLessThan(1e-6);
  }
});

test('a scaled loss: the true norm, the factor, and what becomes of the scale', async () => {
  const device = await testDevice();
  const host = normal([300], new Random(4));
  const length = Math.hypot(...host.data);
  const guard = device.upload(Float32Array.of(1024, 1998, 0), [3]);
  const norm = device.tensor([2]);
  const run = async (factor: number) => {
    const gradient = device.upload(
      Float32Array.from(host.data, (g) => factor * g),
      [300],
    );
    device.tidy(() => gradNorm(device, { gradient, norm, guard, dynamic: true }));
    return { norm: [...(await device.read(norm))], state: [...(await device.read(guard))] };
  };
  const good = await run(1024);
  expect(good.norm[0] / length).toBeCloseTo(1, 5);
  expect(good.norm[1]).toBe(1 / 1024);
  expect(good.state).toEqual([1024, 1999, 0]);
  // The 2,000th good step in a row doubles the scale.
  expect((await run(1024)).state).toEqual([2048, 0, 0]);
  for (const spoiled of [Number.POSITIVE_INFINITY, Number.NaN, 1e19]) {
    const [scale, , skipped] = await device.read(guard);
    const { norm, state } = await run(spoiled);
    expect(norm[1]).toBe(0);
    expect(state).toEqual([scale / 2, 0, skipped + 1]);
  }
});

test('a skipped step puts back what was kept after the last good one', async () => {
  const device = await testDevice();
  // More vectors than threads.
  const count = 4 * 1100;
  const numbers = (value: number) => Float32Array.from({ length: count }, (_, i) => value + i);
  const [values, copy] = [device.tensor([count]), device.upload(numbers(0), [count])];
  const guard = device.upload(Float32Array.of(1, 0, 0), [3]);
  const norm = device.tensor([2]);
  const run = async (gradient: number, next: number) => {
    device.write(values, numbers(next));
    const gradients = device.upload(Float32Array.of(gradient), [1]);
    device.tidy(() => gradNorm(device, { gradient: gradients, norm, guard, dynamic: true, kept: { values, copy } }));
    expect(await device.read(copy)).toEqual(await device.read(values));
    return device.read(values);
  };
  expect(await run(Number.NaN, Number.NaN)).toEqual(numbers(0));
  expect(await run(1, 7)).toEqual(numbers(7));
  expect(await run(Number.POSITIVE_INFINITY, 9)).toEqual(numbers(7));
});

test('without a scale, the first gradient that is not finite ends it: the good steps stay counted', async () => {
  const device = await testDevice();
  const guard = device.upload(Float32Array.of(1, 41, 0), [3]);
  const norm = device.tensor([2]);
  const run = async (value: number) => {
    const gradient = device.upload(new Float32Array(5).fill(value), [5]);
    device.tidy(() => gradNorm(device, { gradient, norm, guard }));
    return { factor: (await device.read(norm))[1], state: [...(await device.read(guard))] };
  };
  expect(await run(2)).toEqual({ factor: 1, state: [1, 42, 0] });
  expect(await run(Number.NaN)).toEqual({ factor: 0, state: [1, 42, 1] });
  expect(await run(2)).toEqual({ factor: 0, state: [1, 42, 2] });
});
