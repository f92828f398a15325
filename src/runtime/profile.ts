import { encode } from './command.ts';
import type { Device } from './device.ts';
import { UserError } from './errors.ts';
import { BufferUsage, MapMode } from './flags.ts';
import type { Recording } from './recording.ts';

/** When a dispatch ran, in nanoseconds of the adapter's clock. */
export interface Span {
  readonly start: number;
  readonly duration: number;
}

/** A query set holds 4,096 timestamps, two for each dispatch. */
const TIMED_AT_ONCE = 2048;

/** @throws UserError if the adapter cannot time dispatches */
export function requireTimestamps({ gpu, adapter }: Device): void {
  if (gpu.features.has('timestamp-query')) return;
  throw new UserError(`${adapter.name} has no timestamps (timestamp-query), without which no dispatch can be timed.`);
}

/**
 * Runs a recording once, after all that is queued, with each dispatch in a compute pass of its own, which is timed.
 * @returns a span for each dispatch, in their order
 * @throws UserError if the adapter cannot time dispatches
 */
export async function profile(device: Device, recording: Recording<unknown>): Promise<Span[]> {
  requireTimestamps(device);
  recording.requireUsable('profile');
  const { commands, bindGroups } = recording;
  await device.flush();
  const { gpu } = device;
  const spans: Span[] = [];
  for (let first = 0; first < commands.length; first += TIMED_AT_ONCE) {
    const end = Math.min(first + TIMED_AT_ONCE, commands.length);
    const querySet = gpu.createQuerySet({ type: 'timestamp', count: 2 * (end - first) });
    const encoder = gpu.createCommandEncoder();
    for (let i = first; i < end; i++) {
      const at = 2 * (i - first);
      const timestampWrites = { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
      const pass = encoder.beginComputePass({ timestampWrites });
      encode(pass, commands[i], bindGroups[i]);
      pass.end();
    }
    const size = 16 * (end - first);
    const resolved = gpu.createBuffer({ size, usage: BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC });
    const staging = gpu.createBuffer({ size, usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST });
    encoder.resolveQuerySet(querySet, 0, 2 * (end - first), resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    gpu.queue.submit([encoder.finish()]);
    await device.wait(staging.mapAsync(MapMode.READ));
    const stamps = new BigUint64Array(staging.getMappedRange());
    for (let i = 0; i < stamps.length; i += 2) {
      spans.push({ start: Number(stamps[i]), duration: Number(stamps[i + 1] - stamps[i]) });
    }
    staging.destroy();
    resolved.destroy();
    querySet.destroy();
  }
  await device.done();
  return spans;
}
