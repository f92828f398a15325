import { expect, test } from 'vitest';
import { type Drawn, draw } from '../../kernels/augment/draw.ts';
import { augment, mix, normalize } from '../../kernels/augment/launch.ts';
import { mixReference, reference } from '../../kernels/augment/reference.ts';
import { HostArray } from '../../kernels/common/reference.ts';
import { Random } from '../../src/data/random.ts';
import { sizeOf } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

const drawBytes = (shape: number[]) => {
  const random = new Random(2);
  return Uint8Array.from({ length: sizeOf(shape) }, () => random.int(256));
};

const statistics = (channels: number) => ({
  mean: [0.4914, 0.4822, 0.4465].slice(0, channels),
  std: [0.2023, 0.1994, 0.201].slice(0, channels),
});

const unchanged: Drawn = { dy: 0, dx: 0, flipped: false, factor: 1, angle: 0, saturation: 1 };

const SHAPES = [
  [5, 3, 8, 8],
  [3, 3, 5, 7], // a number of bytes that is no multiple of four
  [2, 1, 6, 12],
  [1, 1, 1, 1],
  [2, 3, 9, 32], // a workgroup and a bit
  [9, 1, 13, 5],
];

const MORE = {
  'as the paper does': {},
  'with rotation': { rotation: 45 },
  'with saturation': { saturation: 0.9 },
  'with erased rectangles': { erase: 0.8 },
  'with all of it': { rotation: 15, saturation: 0.3, erase: 0.5 },
};

const cases = SHAPES.flatMap((shape) => Object.entries(MORE).map(([name, more]) => ({ shape, name, more })));

for (const { shape, name, more } of cases) {
  const options = { padding: Math.min(4, shape[2] - 1), brightness: 0.3, flip: true, ...more };

  test(`augment [${shape}] ${name}`, async () => {
    const device = await testDevice();
    const bytes = drawBytes(shape);
    const [seed, step] = [123, 45];
    const drawn = Array.from({ length: shape[0] }, (_, n) => draw(seed, step, n, options, [shape[2], shape[3]]));
    const { mean, std } = statistics(shape[1]);
    const want = reference(new HostArray(shape, Float64Array.from(bytes)), drawn, mean, std);
    const images = device.tensor(shape);
    augment(device, {
      ...options,
      pixels: device.upload(bytes, shape),
      seed: device.upload(Uint32Array.of(seed, step), [2]),
      images,
      mean,
      std,
    });
    expect(relativeError(await device.read(images), want.data)).toBeLessThan(5e-6);
  });
}

for (const shape of SHAPES) {
  test(`normalize [${shape}]`, async () => {
    const device = await testDevice();
    const bytes = drawBytes(shape);
    const { mean, std } = statistics(shape[1]);
    const drawn = Array.from({ length: shape[0] }, () => unchanged);
    const want = reference(new HostArray(shape, Float64Array.from(bytes)), drawn, mean, std);
    const images = device.tensor(shape);
    normalize(device, { pixels: device.upload(bytes, shape), images, mean, std });
    expect(relativeError(await device.read(images), want.data)).toBeLessThan(1e-6);
  });
}

test.each([
  ['pairs', [4, 3, 4, 8]],
  ['one picture in the middle', [5, 1, 3, 3]],
])('mix mixes pictures from the two ends of a batch: %s', async (_, shape) => {
  const device = await testDevice();
  const images = normal(shape, new Random(4));
  const tensor = upload(device, images);
  mix(device, { images: tensor, share: device.upload(Float32Array.of(0.7), [1]) });
  expect(relativeError(await device.read(tensor), mixReference(images, 0.7).data)).toBeLessThan(1e-6);
});

test('erased rectangles, angles and saturations cover their ranges', () => {
  const n = 20_000;
  const options = { padding: 0, brightness: 0, flip: false, rotation: 90, saturation: 0.5, erase: 0.25 };
  const drawn = Array.from({ length: n }, (_, i) => draw(3, i, 1, options, [32, 24]));
  const erased = drawn.flatMap((d) => d.erased ?? []);
  expect(erased.length / n).toBeCloseTo(0.25, 1);
  for (const { top, left, height, width } of erased) {
    expect(top >= 0 && left >= 0 && top + height <= 32 && left + width <= 24).toBe(true);
  }
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  // From 2 to 33 %, less what is cut off at the picture's sides.
  expect(mean(erased.map(({ height, width }) => (height * width) / (32 * 24)))).toBeCloseTo(0.17, 1);
  expect(Math.max(...erased.map(({ top, height }) => top + height))).toBe(32);
  expect(mean(drawn.map(({ angle }) => Math.abs(angle)))).toBeCloseTo(Math.PI / 4, 1);
  expect(mean(drawn.map(({ saturation }) => Math.abs(saturation - 1)))).toBeCloseTo(0.25, 2);
});

test('all crops, both orientations and the whole range of brightness are drawn equally often', () => {
  const n = 40_000;
  const drawn = Array.from({ length: n }, (_, i) =>
    draw(7, i >> 6, i & 63, { padding: 4, brightness: 0.01, flip: true }, [32, 32]),
  );
  const share = (f: (d: Drawn) => boolean) => drawn.filter(f).length / n;
  for (let shift = -4; shift <= 4; shift++) {
    expect(share(({ dy }) => dy === shift)).toBeCloseTo(1 / 9, 2);
    expect(share(({ dx }) => dx === shift)).toBeCloseTo(1 / 9, 2);
  }
  expect(share(({ flipped }) => flipped)).toBeCloseTo(0.5, 1);
  expect(share(({ factor }) => factor < 0.995)).toBeCloseTo(0.25, 1);
  expect(drawn.every(({ factor }) => factor >= 0.99 && factor <= 1.01)).toBe(true);
});

test('micro-batches are augmented as the whole batch', async () => {
  const device = await testDevice();
  const shape = [5, 3, 6, 8];
  const bytes = drawBytes(shape);
  const options = { padding: 2, brightness: 0.3, flip: true, ...statistics(3) };
  const run = async (first: number, count: number, ...seed: number[]) => {
    const part = [count, ...shape.slice(1)];
    const images = device.tensor(part);
    const pixels = device.upload(bytes.slice(first * 144, (first + count) * 144), part);
    augment(device, { ...options, pixels, seed: device.upload(Uint32Array.from(seed), [seed.length]), images });
    return device.read(images);
  };
  const whole = await run(0, 5, 1, 2);
  expect(await run(0, 3, 1, 2, 0)).toEqual(whole.slice(0, 3 * 144));
  expect(await run(3, 2, 1, 2, 3)).toEqual(whole.slice(3 * 144));
});

test('no border, no flip and no brightness leave the normalised image', async () => {
  const device = await testDevice();
  const shape = [3, 3, 4, 4];
  const pixels = device.upload(drawBytes(shape), shape);
  const seed = device.upload(Uint32Array.of(1, 2), [2]);
  const [augmented, normalized] = [device.tensor(shape), device.tensor(shape)];
  augment(device, { pixels, seed, images: augmented, padding: 0, brightness: 0, flip: false, ...statistics(3) });
  normalize(device, { pixels, images: normalized, ...statistics(3) });
  expect(await device.read(augmented)).toEqual(await device.read(normalized));
});

test('augment refuses a border as wide as the picture, and channels without statistics', async () => {
  const device = await testDevice();
  const pixels = device.tensor([1, 3, 8, 4], 'u8');
  const images = device.tensor([1, 3, 8, 4]);
  const seed = device.tensor([2], 'u32');
  const options = { brightness: 0, flip: true, ...statistics(3) };
  expect(() => augment(device, { pixels, images, seed, padding: 4, ...options })).toThrow(
    "augment: padding must be less than the image's extents, got 4 for 8×4",
  );
  expect(() => normalize(device, { pixels, images, ...statistics(1) })).toThrow('must have 3 channels, got 1 and 1');
});
