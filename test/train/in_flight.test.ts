import { expect, test } from 'vitest';
import type { Device } from '../../src/runtime/device.ts';
import { InFlight } from '../../src/train/in_flight.ts';

test('a failed step fails the next add, and the failure of the latest step is never an unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', listener);
  try {
    const lost = new Error('the device is lost');
    const inFlight = new InFlight({ done: () => Promise.reject(lost) } as unknown as Device);
    await inFlight.add();
    await expect(inFlight.add()).rejects.toBe(lost);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(unhandled).toEqual([]);
    await expect(inFlight.latest).rejects.toBe(lost);
  } finally {
    process.off('unhandledRejection', listener);
  }
});
