import * as v from 'valibot';
import { count } from '../data/parse.ts';
import { UserError } from '../runtime/errors.ts';
import type { EpochMetrics } from '../train/hooks.ts';

const value = v.pipe(v.number(), v.finite());

/** What every version has written of a finished epoch. */
const metricsSchema = v.looseObject({
  ...{ epoch: v.pipe(count, v.minValue(1)), step: count },
  ...{ train_loss: value, train_accuracy: value, val_loss: value, val_accuracy: value, best_accuracy: value },
  ...{ learning_rate: value, weight_decay: value },
});

/** Returns undefined for a line that is not the metrics of an epoch. */
function read(line: string): EpochMetrics | undefined {
  try {
    const { success, output } = v.safeParse(metricsSchema, JSON.parse(line));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

const damaged = (file: string, i: number) =>
  new UserError(`${file}, line ${i + 1} is damaged: expected the metrics of an epoch as JSON.`);

/** @throws UserError naming the first line that is not the metrics of an epoch */
export function parseMetrics(lines: readonly string[], file: string): EpochMetrics[] {
  return lines.map((line, i) => {
    const metrics = read(line);
    if (!metrics) throw damaged(file, i);
    return metrics;
  });
}

/**
 * The lines of the epochs before one, and the numbers of those that have none.
 * @throws UserError naming a damaged line, unless the lines of all earlier epochs are before it: such a line was being
 *   written when the process ended
 */
export function metricsBefore(
  epoch: number,
  lines: readonly string[],
  file: string,
): { kept: readonly string[]; missing: number[] } {
  const kept: string[] = [];
  const missing = new Set(Array.from({ length: epoch - 1 }, (_, i) => i + 1));
  for (const [i, line] of lines.entries()) {
    const metrics = read(line);
    if (!metrics) {
      if (missing.size > 0) throw damaged(file, i);
      break;
    }
    if (metrics.epoch >= epoch) break;
    kept.push(line);
    missing.delete(metrics.epoch);
  }
  return { kept, missing: [...missing] };
}
