import { byName, combine, figures, profileRows, rooflineOf } from '../../src/engine.ts';
import type { Trainer } from '../../src/index.ts';
import type { KernelTimes } from '../messages.ts';

const STEPS = 3;

/**
 * Times every kernel of a training step. Side effect: the net is trained for these steps.
 * @throws {UserError} if the adapter does not support timestamps
 */
export async function kernelTimes(trainer: Trainer): Promise<KernelTimes> {
  const profile = await trainer.profile(STEPS);
  const roofline = await rooflineOf(trainer.device, [profile]);
  const rows = byName(profileRows(profile, roofline));
  const total = combine('total', rows);
  return { rows: rows.map((row) => figures(row, total.ms)), total: figures(total, total.ms), roofline };
}
