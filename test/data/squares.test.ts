import { expect, test } from 'vitest';
import { imageSize, inMemory, type Pictures } from '../../src/data/dataset.ts';
import { asSquares } from '../../src/data/squares.ts';

/** One picture of a number of planes. */
const picture = (channels: number, height: number, width: number, pixel: (c: number, y: number, x: number) => number) =>
  inMemory({
    ...{ name: 'one', classes: ['a'], channels, height, width, labels: Int32Array.of(0) },
    images: Uint8Array.from({ length: channels * height * width }, (_, i) =>
      pixel(Math.floor(i / height / width), Math.floor(i / width) % height, i % width),
    ),
  });

async function pixels(pictures: Pictures): Promise<number[]> {
  const images = new Uint8Array(imageSize(pictures)).fill(77);
  await pictures.read(Uint32Array.of(0), images);
  return [...images];
}

test('pictures that fit are passed on as they are', () => {
  const fitting = picture(3, 4, 4, () => 1);
  expect(asSquares(fitting, { size: 4, channels: 3 })).toBe(fitting);
});

test('28×28 pixels get a black border of 2 on each side', async () => {
  const squares = asSquares(
    picture(1, 28, 28, (_, y, x) => 100 + y + x),
    { size: 32, channels: 1 },
  );
  expect(squares).toMatchObject({ channels: 1, height: 32, width: 32, length: 1 });
  const values = await pixels(squares);
  for (let y = 0; y < 32; y++) {
    for (let x = 0; x < 32; x++) {
      const inside = y >= 2 && y < 30 && x >= 2 && x < 30;
      expect(values[y * 32 + x]).toBe(inside ? 96 + y + x : 0);
    }
  }
});

test('half the size is the weighted mean of what a pixel covers, twice the size lies between', async () => {
  const ramp = picture(1, 8, 8, (_, y, x) => 8 * y + 16 * x);
  const half = await pixels(asSquares(ramp, { size: 4, channels: 1 }));
  // Inside, a triangle filter keeps a ramp a ramp: pixel (1, 1) is centred on (2.5, 2.5).
  expect([half[5], half[6], half[9]]).toEqual([60, 92, 76]);
  const twice = await pixels(asSquares(ramp, { size: 16, channels: 1 }));
  expect([twice[0], twice[17], twice[18]]).toEqual([0, 6, 14]);
});

test('of a long picture the middle is kept', async () => {
  const stripes = picture(1, 2, 6, (_, _y, x) => 10 * x);
  expect(await pixels(asSquares(stripes, { size: 2, channels: 1 }))).toEqual([20, 30, 20, 30]);
});

test('grey becomes three equal channels, and RGB its brightness', async () => {
  const grey = picture(1, 2, 2, (_, y, x) => 2 * y + x);
  expect(await pixels(asSquares(grey, { size: 2, channels: 3 }))).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  const rgb = picture(3, 1, 1, (c) => [100, 200, 50][c]);
  expect(await pixels(asSquares(rgb, { size: 1, channels: 1 }))).toEqual([153]);
  const white = picture(3, 1, 1, () => 255);
  expect(await pixels(asSquares(white, { size: 1, channels: 1 }))).toEqual([255]);
});
