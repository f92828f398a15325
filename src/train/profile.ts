import type { Roofline } from '../../kernels/roofline/measure.ts';
import type { DispatchCommand } from '../runtime/command.ts';
import type { Span } from '../runtime/profile.ts';
import { percent } from './format.ts';
import { table } from './table.ts';

/** A recording's dispatches, and when each of them ran, run after run. */
export interface Profile {
  readonly commands: readonly DispatchCommand[];
  readonly runs: readonly (readonly Span[])[];
}

/** What some dispatches take together in one run. */
export interface ProfileRow {
  readonly name: string;
  readonly calls: number;
  readonly ms: number;
  readonly flops: number;
  readonly bytes: number;
  /** How long they would take at the roofline. */
  readonly idealMs: number;
}

/** A row in the units people read, and as shares from 0 to 1. */
export interface Figures {
  readonly kernel: string;
  readonly calls: number;
  readonly ms: number;
  /** Of the whole time. */
  readonly share: number;
  readonly gflop: number;
  readonly gb: number;
  readonly gflop_s: number;
  readonly gb_s: number;
  /** Of the speed that the roofline allows; above 1 where tensors stay in a cache. */
  readonly roofline: number;
}

/** The middle one of some numbers, or the mean of the middle two. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A kernel's path without what all of them share: depthwise/multiply. */
export const kernelName = ({ kernel }: DispatchCommand) => kernel.path.replace(/^kernels\/|\.wgsl$/g, '');

/** A row for each dispatch, its time the median of the runs. */
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

/** Several rows as one. */
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

/** One row for each name, the slowest first. */
export function byName(rows: readonly ProfileRow[]): ProfileRow[] {
  const groups = new Map<string, ProfileRow[]>();
  for (const row of rows) {
    const group = groups.get(row.name);
    if (group) group.push(row);
    else groups.set(row.name, [row]);
  }
  return [...groups].map(([name, group]) => combine(name, group)).sort((a, b) => b.ms - a.ms);
}

/** A row's figures beside a whole of `wholeMs`. */
export function figures({ name, calls, ms, flops, bytes, idealMs }: ProfileRow, wholeMs: number): Figures {
  return {
    kernel: name,
    calls,
    ms,
    share: ms / wholeMs,
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

/** Figures as a table, in Markdown, which reads as well in a terminal. */
export const profileTable = (rows: readonly Figures[]): string =>
  table([COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))]);

/** All runs in the trace format of Perfetto and chrome://tracing: a complete event for each dispatch, on one track. */
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
