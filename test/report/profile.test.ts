import { expect, test } from 'vitest';
import {
  byName,
  chromeTrace,
  combine,
  figures,
  median,
  type Profile,
  profileRows,
  profileTable,
  rooflineOf,
} from '../../src/report/profile.ts';
import type { DispatchCommand } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';

const command = (path: string, flops: number, bytes: number) =>
  ({ kernel: { path: `kernels/${path}.wgsl` }, flops, bytes }) as DispatchCommand;

/** Three dispatches of two kernels, in three runs. */
const profile: Profile = {
  commands: [command('a/wide', 4e9, 1e6), command('b/long', 1e6, 2e9), command('a/wide', 2e9, 1e6)],
  runs: [100, 300, 200].map((ms, run) =>
    [1, 3, 0.5].map((scale, i) => ({ start: 1e9 * run + 1e8 * i, duration: 1e6 * ms * scale })),
  ),
};
const roofline = { bytesPerSecond: 10e9, flopsPerSecond: 40e9 };

test('median', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test('rows hold the median of the runs and what the roofline would allow', () => {
  expect(profileRows(profile, roofline)).toEqual([
    { name: 'a/wide', calls: 1, ms: 200, flops: 4e9, bytes: 1e6, idealMs: 100 },
    { name: 'b/long', calls: 1, ms: 600, flops: 1e6, bytes: 2e9, idealMs: 200 },
    { name: 'a/wide', calls: 1, ms: 100, flops: 2e9, bytes: 1e6, idealMs: 50 },
  ]);
});

test('a roofline that a dispatch is faster than is measured again, up to three times, and the fastest counts', async () => {
  const measured = async (...gigabytes: number[]) => {
    let calls = 0;
    const measure = async () => ({ bytesPerSecond: 1e9 * gigabytes[calls++], flopsPerSecond: 50e9 - 1e9 * calls });
    return { ...(await rooflineOf({} as Device, [profile], measure)), calls };
  };
  // The fastest dispatch moves 3.3 GB/s.
  expect(await measured(4, 9)).toEqual({ calls: 1, bytesPerSecond: 4e9, flopsPerSecond: 49e9 });
  expect(await measured(1, 3, 5, 9)).toEqual({ calls: 3, bytesPerSecond: 5e9, flopsPerSecond: 49e9 });
  expect(await measured(1, 3, 2, 1, 9)).toEqual({ calls: 4, bytesPerSecond: 3e9, flopsPerSecond: 49e9 });
});

test('the table, sorted by time', () => {
  const rows = byName(profileRows(profile, roofline));
  const total = combine('total', rows);
  expect(`\n${profileTable([...rows, total].map((row) => figures(row, total.ms)))}`).toBe(`
| kernel | calls |      ms |   share | GFLOP |    GB | GFLOP/s | GB/s | roofline |
| ------ | ----: | ------: | ------: | ----: | ----: | ------: | ---: | -------: |
| b/long |     1 | 600.000 |  66.7 % | 0.001 | 2.000 |     0.0 |  3.3 |   33.3 % |
| a/wide |     2 | 300.000 |  33.3 % | 6.000 | 0.002 |    20.0 |  0.0 |   50.0 % |
| total  |     3 | 900.000 | 100.0 % | 6.001 | 2.002 |     6.7 |  2.2 |   38.9 % |`);
});

test('the trace has a complete event for each dispatch of each run, in microseconds', () => {
  const { traceEvents } = JSON.parse(JSON.stringify(chromeTrace(profile)));
  expect(traceEvents).toHaveLength(9);
  const args = { run: 1, bytes: 2e9, flops: 1e6 };
  expect(traceEvents[4]).toEqual({ name: 'b/long', ph: 'X', ts: 1.1e6, dur: 900_000, pid: 0, tid: 0, args });
});
