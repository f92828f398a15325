import { expect, test } from 'vitest';
import { nap } from '../../src/runtime/nap.ts';

/** How often the event loop turns while `coming` is awaited. */
async function turnsOf(coming: Promise<unknown>): Promise<number> {
  let turns = 0;
  let immediate = setImmediate(count);
  function count(): void {
    turns++;
    immediate = setImmediate(count);
  }
  await coming;
  clearImmediate(immediate);
  return turns;
}

const later = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve('later'), ms));
const gpu = {} as GPUDevice;

test('the thread sleeps while it waits, and not afterwards', async () => {
  const asleep = await turnsOf(nap(gpu, later(200)));
  const awake = await turnsOf(later(200));
  expect(asleep).toBeLessThan(1500);
  expect(awake).toBeGreaterThan(4 * asleep);
});

test('several may wait at once, and each gets its answer', async () => {
  expect(await Promise.all([nap(gpu, later(5)), nap(gpu, later(1))])).toEqual(['later', 'later']);
  await expect(nap(gpu, Promise.reject(new Error('lost')))).rejects.toThrow('lost');
});
