import { byName, combine, figures, measureRoofline, profileRows, type Trainer } from '../../src/index.ts';
import type { KernelTimes } from '../messages.ts';

const STEPS = 3;

/**
 * Times every kernel of some training steps, by which the net is trained too.
 * @throws UserError where the adapter has no timestamps
 */
export async function kernelTimes(trainer: Trainer): Promise<KernelTimes> {
  const profile = await trainer.profile(STEPS);
  const roofline = await measureRoofline(trainer.device);
  const rows = byName(profileRows(profile, roofline));
  const total = combine('total', rows);
  return { rows: rows.map((row) => figures(row, total.ms)), total: figures(total, total.ms), roofline };
}
