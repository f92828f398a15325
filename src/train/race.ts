import type { DispatchCommand } from '../runtime/command.ts';
import type { Device } from '../runtime/device.ts';
import { profile } from '../runtime/profile.ts';
import type { Recording } from '../runtime/recording.ts';

/** Runs of each recording: so many, or more if they fit into the time, in milliseconds. */
const RUNS = { least: 5, most: 50, time: 100 };

/** A recording that is so many times slower in its first run has lost. */
const HOPELESS = 1.5;

/**
 * Milliseconds that two recordings take for what differs between them, run in turn: the shortest of each, as whatever else
 * the machine does only adds to it. Adapters without timestamps are timed from outside, on all that the recordings do.
 */
export async function race(
  device: Device,
  usual: Recording<unknown>,
  other: Recording<unknown>,
): Promise<readonly [number, number]> {
  const own = unshared(usual.commands, other.commands);
  const others = unshared(other.commands, usual.commands);
  const times: [number[], number[]] = [[], []];
  const start = performance.now();
  for (let run = 0; run < RUNS.least || (run < RUNS.most && performance.now() - start < RUNS.time); run++) {
    times[0].push(await time(device, usual, own));
    times[1].push(await time(device, other, others));
    if (run === 0 && times[1][0] > HOPELESS * times[0][0]) break;
  }
  return [Math.min(...times[0]), Math.min(...times[1])];
}

/** Milliseconds of some of a recording's dispatches in one run. */
async function time(device: Device, recording: Recording<unknown>, dispatches: readonly number[]): Promise<number> {
  if (device.gpu.features.has('timestamp-query')) {
    const spans = await profile(device, recording);
    return dispatches.reduce((sum, i) => sum + spans[i].duration, 0) / 1e6;
  }
  const start = performance.now();
  recording.run();
  await device.done();
  return performance.now() - start;
}

/** Where the dispatches of `ours` lie that `theirs` have not. */
function unshared(ours: readonly DispatchCommand[], theirs: readonly DispatchCommand[]): number[] {
  const left = [...theirs];
  return ours.flatMap((command, i) => {
    const at = left.findIndex((other) => isSame(command, other));
    if (at < 0) return [i];
    left.splice(at, 1);
    return [];
  });
}

/** Whether two dispatches take the same time. */
const isSame = (a: DispatchCommand, b: DispatchCommand) =>
  a.kernel === b.kernel && a.sizes === b.sizes && a.bytes === b.bytes && `${a.workgroups}` === `${b.workgroups}`;
