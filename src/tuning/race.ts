import type { DispatchCommand } from '../runtime/command.ts';
import type { Device } from '../runtime/device.ts';
import { profile } from '../runtime/profile.ts';
import type { Recording } from '../runtime/recording.ts';

/** Timed runs of each recording: at least `min`, then up to `max` while they take less than `milliseconds`. */
const RUNS = { min: 5, max: 50, milliseconds: 100 };

/** The race ends after one run if the candidate is slower than the baseline by this factor. */
const GIVE_UP = 1.5;

/**
 * Times the dispatches in which two recordings differ, running the two alternately.
 *
 * @returns the shortest time of each in milliseconds: other load on the machine only ever adds time. Adapters without
 * timestamp queries are timed on the CPU instead, over all dispatches.
 */
export async function race(
  device: Device,
  baseline: Recording<unknown>,
  candidate: Recording<unknown>,
): Promise<readonly [baseline: number, candidate: number]> {
  const baselineDispatches = dispatchesOnlyIn(baseline.commands, candidate.commands);
  const candidateDispatches = dispatchesOnlyIn(candidate.commands, baseline.commands);
  const times: [number[], number[]] = [[], []];
  const start = performance.now();
  for (let run = 0; run < RUNS.min || (run < RUNS.max && performance.now() - start < RUNS.milliseconds); run++) {
    times[0].push(await time(device, baseline, baselineDispatches));
    times[1].push(await time(device, candidate, candidateDispatches));
    if (run === 0 && times[1][0] > GIVE_UP * times[0][0]) break;
  }
  return [Math.min(...times[0]), Math.min(...times[1])];
}

/** Runs a recording once. Returns the milliseconds that the dispatches at the given indices took. */
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

/** Indices of the dispatches in `a` that have no counterpart in `b`. */
function dispatchesOnlyIn(a: readonly DispatchCommand[], b: readonly DispatchCommand[]): number[] {
  const unmatched = [...b];
  return a.flatMap((command, i) => {
    const match = unmatched.findIndex((other) => isSame(command, other));
    if (match < 0) return [i];
    unmatched.splice(match, 1);
    return [];
  });
}

/** Whether two dispatches do the same work, so that they take the same time. */
const isSame = (a: DispatchCommand, b: DispatchCommand) =>
  a.kernel === b.kernel &&
  a.uniforms.every((buffer, i) => buffer === b.uniforms[i]) &&
  a.bytes === b.bytes &&
  `${a.workgroups}` === `${b.workgroups}`;
