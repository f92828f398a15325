import { afterEach, expect, test, vi } from 'vitest';
import { Meter } from '../../src/train/meter.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('the rate is of the steps that are done, without pauses', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const meter = new Meter();
  vi.advanceTimersByTime(10);
  meter.add(64);
  expect(meter.imagesPerSecond).toBeUndefined();
  vi.advanceTimersByTime(1990);
  meter.add(64);
  expect(meter.imagesPerSecond).toBe(32);
  const pause = meter.pause(Promise.resolve());
  vi.advanceTimersByTime(5000);
  await pause;
  vi.advanceTimersByTime(2000);
  meter.read({ loss: 1, accuracy: 0.5 });
  meter.stop();
  vi.advanceTimersByTime(1000);
  expect(meter.imagesPerSecond).toBe(32);
});
