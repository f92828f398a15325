import sharp from 'sharp';
import { expect, test } from 'vitest';
import { loadSharp } from '../../src/data/decode-file.ts';
import { checkSize, MAX_PIXELS, PixelBudget } from '../../src/data/picture_limits.ts';

test('jobs at work never have more pixels than the limit together', async () => {
  const budget = new PixelBudget();
  let [now, most] = [0, 0];
  const sizes = [0.7, 0.4, 0.5, 1, 0.2, 0.3, 0.3].map((share) => share * MAX_PIXELS);
  const job = (pixels: number) => async () => {
    now += pixels;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 2));
    now -= pixels;
    if (pixels === MAX_PIXELS) throw new Error('damaged');
  };
  const ends = await Promise.allSettled(sizes.map((pixels) => budget.run(pixels, job(pixels))));
  expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(most).toBeLessThanOrEqual(MAX_PIXELS);
});

test('a picture beyond the limit is told with its size and the limit', () => {
  expect(() => checkSize(16_000, 16_000)).toThrow(
    'too large: 16000×16000 pixels, 256 megapixels; at most 100 megapixels are read',
  );
});

test('sharp keeps no decoder of a file that was read', async () => {
  await loadSharp();
  expect(sharp.cache().items.max).toBe(0);
});
