import type { Device } from '../runtime/device.ts';
import { GpuError, ShaderError } from '../runtime/errors.ts';
import { profile } from '../runtime/profile.ts';
import type { Recording } from '../runtime/recording.ts';

/** Something that kernels compute whose right result is known. */
export interface Check {
  readonly name: string;
  /** The largest error that is rounding. */
  readonly tolerance: number;
  /** @returns dispatches, and how far their results are from what they should be, relative to it, once they ran */
  prepare(device: Device): Promise<{ recording: Recording<unknown>; error(): Promise<number> }>;
}

export interface CheckResult {
  readonly check: string;
  readonly ok: boolean;
  /** Relative; null where it did not run. */
  readonly error: number | null;
  /** Why it did not run. */
  readonly problem?: string;
}

/** What one kernel did in all checks together. */
export interface KernelResult {
  readonly kernel: string;
  /** Whether all checks that it took part in are. */
  readonly ok: boolean;
  readonly runs: number;
  /** Of all runs together; null where the adapter cannot time dispatches. */
  readonly ms: number | null;
}

export interface SelfTest {
  readonly checks: readonly CheckResult[];
  readonly kernels: readonly KernelResult[];
}

/**
 * Runs checks one after another. What a check finds is said of all kernels that took part in it. If the device gives an
 * error of its own, as when it is lost, the rest is left out.
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
      const { recording, error: errorOf } = await prepare(device);
      recording.run();
      const error = await errorOf();
      const ok = error <= tolerance;
      results.push({ check: name, ok, error });
      for (const [kernel, ms] of await timesOf(device, recording)) {
        const { ok: before, runs, ms: sum } = kernels.get(kernel) ?? { ok: true, runs: 0, ms: 0 };
        kernels.set(kernel, {
          kernel,
          ok: before && ok,
          runs: runs + 1,
          ms: ms === null || sum === null ? null : sum + ms,
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

/** Each dispatch's kernel, and its milliseconds if they can be had. The first run, which may compile, is over by now. */
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

/** ‖got − want‖ / ‖want‖; not a number if anything is not. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  const difference = Float64Array.from(want, (value, i) => got[i] - value);
  return Math.sqrt(dot(difference, difference) / dot(want, want));
}
