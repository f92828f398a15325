import { afterEach, expect, test, vi } from 'vitest';
import { Meter } from '../../src/train/meter.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A promise that can be resolved; who waits for it has heard of it then. */
function deferred() {
  let settle!: () => void;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return {
    promise,
    resolve: () => {
      settle();
      return promise;
    },
  };
}

test('the rate is of the steps that are done, without pauses', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const meter = new Meter();
  vi.advanceTimersByTime(10);
  meter.add(64);
  expect(meter.imagesPerSecond).toBeUndefined();
  vi.advanceTimersByTime(1990);
  meter.add(64);
  expect(meter.imagesPerSecond).toBe(32);
  const [step, work] = [deferred(), deferred()];
  const pause = meter.pause(work.promise, step.promise);
  vi.advanceTimersByTime(1500);
  await step.resolve();
  vi.advanceTimersByTime(5000);
  await work.resolve();
  await pause;
  vi.advanceTimersByTime(500);
  meter.read({ loss: 1, accuracy: 0.5 });
  meter.stop();
  vi.advanceTimersByTime(1000);
  expect(meter.imagesPerSecond).toBe(32);
});

test('a pause that ends before the step under way takes nothing off', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const meter = new Meter();
  meter.add(64);
  const [step, work] = [deferred(), deferred()];
  const pause = meter.pause(work.promise, step.promise);
  vi.advanceTimersByTime(1000);
  await work.resolve();
  await pause;
  vi.advanceTimersByTime(1000);
  await step.resolve();
  meter.read({ loss: 1, accuracy: 0.5 });
  expect(meter.imagesPerSecond).toBe(32);
});
