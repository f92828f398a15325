import { encode } from './command.ts';
import { GpuError } from './errors.ts';
import { BufferUsage, MapMode } from './flags.ts';
import type { Recording } from './recording.ts';

/** A query set holds 4,096 timestamps, two a dispatch. */
const TIMED_AT_ONCE = 2048;

/**
 * Runs a recording once with each dispatch timed on its own.
 * @returns nanoseconds by dispatch
 * @throws GpuError where the adapter has no timestamps
 */
export async function profile(gpu: GPUDevice, { commands, bindGroups }: Recording<unknown>): Promise<number[]> {
  if (!gpu.features.has('timestamp-query')) throw new GpuError('profile(): this adapter has no timestamp-query');
  const times: number[] = [];
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
    await staging.mapAsync(MapMode.READ);
    const stamps = new BigUint64Array(staging.getMappedRange());
    for (let i = 0; i < stamps.length; i += 2) times.push(Number(stamps[i + 1] - stamps[i]));
    staging.destroy();
    resolved.destroy();
    querySet.destroy();
  }
  return times;
}
