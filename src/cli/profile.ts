import type { Roofline } from '../../kernels/roofline/measure.ts';
import { byName, chromeTrace, combine, figures, profileRows, profileTable, rooflineOf } from '../report/profile.ts';
import type { Trainer } from '../train/trainer.ts';
import type { RunFolder } from './run_folder.ts';

/** Times each dispatch of some training steps, prints the time of each kernel, and writes trace.json. */
export async function printProfile(trainer: Trainer, steps: number, folder: RunFolder, json?: boolean): Promise<void> {
  const { device } = trainer;
  const profile = await trainer.profile(steps);
  const { peak } = device.memory;
  const roofline = await rooflineOf(device, [profile]);
  const rows = byName(profileRows(profile, roofline));
  const total = combine('total', rows);
  const lines = [...rows, total].map((row) => figures(row, total.ms));
  const trace = await folder.writeTrace(chromeTrace(profile));
  if (json) {
    for (const line of lines) console.log(JSON.stringify(line));
    return;
  }
  const { calls, flops, bytes } = total;
  console.log(`
${profileTable(lines)}

one step (median of ${steps}): ${calls} dispatches, ${giga(flops)} GFLOP, ${giga(bytes)} GB moved; ${giga(peak)} GB peak GPU memory
measured roofline: ${describe(roofline)}
trace for https://ui.perfetto.dev or chrome://tracing: ${trace}`);
}

const giga = (value: number) => (value / 1e9).toFixed(3);

const describe = ({ flopsPerSecond, bytesPerSecond }: Roofline) =>
  `${giga(flopsPerSecond)} GFLOP/s in registers, ${giga(bytesPerSecond)} GB/s memory copy`;
