import { measureRoofline, type Roofline } from '../../kernels/roofline/measure.ts';
import type { DispatchCommand } from '../runtime/command.ts';
import type { Device } from '../runtime/device.ts';
import type { Span } from '../runtime/profile.ts';
import { percent } from './format.ts';
import { table } from './table.ts';

/** The dispatches of a recording, and their time spans in each run. */
export interface Profile {
  readonly commands: readonly DispatchCommand[];
  readonly runs: readonly (readonly Span[])[];
}

/** Total cost of one or more dispatches in one run. */
export interface ProfileRow {
  readonly name: string;
  readonly calls: number;
  readonly ms: number;
  readonly flops: number;
  readonly bytes: number;
  /** Milliseconds at the roofline. */
  readonly idealMs: number;
}

/** A row in display units. */
export interface Figures {
  readonly kernel: string;
  readonly calls: number;
  readonly ms: number;
  /** Fraction of the total time, 0 to 1. */
  readonly share: number;
  readonly gflop: number;
  readonly gb: number;
  readonly gflop_s: number;
  readonly gb_s: number;
  /** Fraction of the roofline's speed; above 1 if tensors stay in a cache. */
  readonly roofline: number;
}

/** The median; the mean of the middle two for an even count. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A kernel's path without folder and extension: 'depthwise/multiply' for kernels/depthwise/multiply.wgsl. */
export const kernelName = ({ kernel }: DispatchCommand) => kernel.path.replace(/^kernels\/|\.wgsl$/g, '');

/** Returns a row per dispatch, with its median time over the runs. */
export function profileRows(
  { commands, runs }: Profile,
  { bytesPerSecond, flopsPerSecond }: Roofline,
  nameOf: (command: DispatchCommand) => string = kernelName,
): ProfileRow[] {
  return commands.map((command, i) => {
    const { flops, bytes } = command;
    const ms = median(runs.map((spans) => spans[i].duration)) / 1e6;
    const idealMs = 1e3 * Math.max(flops / flopsPerSecond, bytes / bytesPerSecond);
    return { name: nameOf(command), calls: 1, ms, flops, bytes, idealMs };
  });
}

/** How often the roofline is measured, where dispatches are faster than it. */
const MEASUREMENTS = 4;

/**
 * Measures an adapter's roofline for dispatches that were timed on it. Where one of them is faster than the roofline, other
 * load slowed the measurement: it is repeated, and the fastest counts. What is faster still reads from a cache.
 */
export async function rooflineOf(
  device: Device,
  profiles: readonly Profile[],
  measure = measureRoofline,
): Promise<Roofline> {
  let roofline = await measure(device);
  const isPassed = ({ idealMs, ms }: ProfileRow) => idealMs > ms;
  for (let i = 1; i < MEASUREMENTS; i++) {
    if (!profiles.some((profile) => profileRows(profile, roofline).some(isPassed))) break;
    roofline = faster(roofline, await measure(device));
  }
  return roofline;
}

const faster = (one: Roofline, other: Roofline): Roofline => ({
  bytesPerSecond: Math.max(one.bytesPerSecond, other.bytesPerSecond),
  flopsPerSecond: Math.max(one.flopsPerSecond, other.flopsPerSecond),
});

/** Adds rows up. */
export function combine(name: string, rows: readonly ProfileRow[]): ProfileRow {
  const sum = (key: 'calls' | 'ms' | 'flops' | 'bytes' | 'idealMs') => rows.reduce((total, row) => total + row[key], 0);
  return {
    name,
    calls: sum('calls'),
    ms: sum('ms'),
    flops: sum('flops'),
    bytes: sum('bytes'),
    idealMs: sum('idealMs'),
  };
}

/** Adds up the rows of each name; the slowest name comes first. */
export function byName(rows: readonly ProfileRow[]): ProfileRow[] {
  const groups = new Map<string, ProfileRow[]>();
  for (const row of rows) {
    const group = groups.get(row.name);
    if (group) group.push(row);
    else groups.set(row.name, [row]);
  }
  return [...groups].map(([name, group]) => combine(name, group)).sort((a, b) => b.ms - a.ms);
}

/** Converts a row to display units; `totalMs` is the time that `share` refers to. */
export function figures({ name, calls, ms, flops, bytes, idealMs }: ProfileRow, totalMs: number): Figures {
  return {
    kernel: name,
    calls,
    ms,
    share: ms / totalMs,
    gflop: flops / 1e9,
    gb: bytes / 1e9,
    gflop_s: flops / 1e6 / ms,
    gb_s: bytes / 1e6 / ms,
    roofline: idealMs / ms,
  };
}

const COLUMNS: readonly (readonly [title: string, cell: (row: Figures) => string])[] = [
  ['kernel', ({ kernel }) => kernel],
  ['calls', ({ calls }) => String(calls)],
  ['ms', ({ ms }) => ms.toFixed(3)],
  ['share', ({ share }) => percent(share)],
  ['GFLOP', ({ gflop }) => gflop.toFixed(3)],
  ['GB', ({ gb }) => gb.toFixed(3)],
  ['GFLOP/s', ({ gflop_s }) => gflop_s.toFixed(1)],
  ['GB/s', ({ gb_s }) => gb_s.toFixed(1)],
  ['roofline', ({ roofline }) => percent(roofline)],
];

/** Formats figures as a Markdown table. */
export const profileTable = (rows: readonly Figures[]): string =>
  table([COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))]);

/** Converts all runs to the trace format of Perfetto and chrome://tracing: one complete event per dispatch, on one track. */
export function chromeTrace({ commands, runs }: Profile): object {
  const origin = runs[0]?.[0]?.start ?? 0;
  const traceEvents = runs.flatMap((spans, run) =>
    spans.map(({ start, duration }, i) => ({
      name: kernelName(commands[i]),
      ph: 'X',
      ts: (start - origin) / 1e3,
      dur: duration / 1e3,
      pid: 0,
      tid: 0,
      args: { run, bytes: commands[i].bytes, flops: commands[i].flops },
    })),
  );
  return { displayTimeUnit: 'ms', traceEvents };
}
