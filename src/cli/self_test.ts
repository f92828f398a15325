import type { Device } from '../runtime/device.ts';
import { GpuError, ShaderError } from '../runtime/errors.ts';
import { profile } from '../runtime/profile.ts';
import type { Recording } from '../runtime/recording.ts';

/** A computation on the device with a known result. */
export interface Check {
  readonly name: string;
  /** Maximum relative error. */
  readonly tolerance: number;
  /** @returns a recording, and a function that computes the relative error of its results after it has run */
  prepare(device: Device): Promise<{ recording: Recording<unknown>; error(): Promise<number> }>;
}

export interface CheckResult {
  readonly check: string;
  readonly ok: boolean;
  /** Relative error; null if the check did not run. */
  readonly error: number | null;
  /** Why the check did not run. */
  readonly problem?: string;
}

/** Result of one kernel over all checks. */
export interface KernelResult {
  readonly kernel: string;
  /** Whether all checks that use the kernel passed. */
  readonly ok: boolean;
  readonly runs: number;
  /** Total time of all runs; null if the adapter has no timestamp queries. */
  readonly ms: number | null;
}

export interface SelfTest {
  readonly checks: readonly CheckResult[];
  readonly kernels: readonly KernelResult[];
}

/**
 * Runs checks one after another. The result of a check counts for all kernels that it uses. After a GpuError, such as a lost
 * device, the remaining checks are skipped.
 * @param onCheck called after each check with the number of checks that are done
 */
export async function selfTest(
  device: Device,
  checks: readonly Check[],
  onCheck?: (done: number) => void,
): Promise<SelfTest> {
  const results: CheckResult[] = [];
  const kernels = new Map<string, KernelResult>();
  for (const { name, tolerance, prepare } of checks) {
    try {
      const { recording, error: computeError } = await prepare(device);
      recording.run();
      const error = await computeError();
      const ok = error <= tolerance;
      results.push({ check: name, ok, error });
      for (const [kernel, ms] of await timesOf(device, recording)) {
        const { ok: okBefore, runs, ms: msBefore } = kernels.get(kernel) ?? { ok: true, runs: 0, ms: 0 };
        kernels.set(kernel, {
          kernel,
          ok: okBefore && ok,
          runs: runs + 1,
          ms: ms === null || msBefore === null ? null : msBefore + ms,
        });
      }
    } catch (error) {
      if (!(error instanceof ShaderError || error instanceof GpuError)) throw error;
      results.push({ check: name, ok: false, error: null, problem: error.message });
      if (error instanceof GpuError) break;
    }
    onCheck?.(results.length);
  }
  return { checks: results, kernels: [...kernels.values()].sort((a, b) => (a.kernel < b.kernel ? -1 : 1)) };
}

/**
 * Runs a recording again. Returns the kernel of each dispatch and its milliseconds, or null without timestamp queries. The
 * first run may compile kernels, so it is not timed.
 */
async function timesOf(device: Device, recording: Recording<unknown>): Promise<[string, number | null][]> {
  const timed = device.gpu.features.has('timestamp-query');
  const spans = timed ? await profile(device, recording) : undefined;
  return recording.commands.map(({ kernel }, i) => [kernel.path, spans ? spans[i].duration / 1e6 : null]);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** ‖got − expected‖ / ‖expected‖; NaN if any value is NaN. */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  const difference = Float64Array.from(expected, (value, i) => got[i] - value);
  return Math.sqrt(dot(difference, difference) / dot(expected, expected));
}
