import type { Timing } from '../../src/cli/queue/worker.ts';
import type { Settings } from '../../src/cli/settings.ts';
import { studies } from '../../src/cli/studies.ts';
import { type Plan, planStudy } from '../../src/cli/study_plan.ts';

/** Locks of two seconds: tests do not wait for long. */
export const quick: Timing = { lock: 2000, check: 1000, again: 300 };

/** Table I with one seed: six runs of 6 epochs of 5 steps. */
export const smallPlan = (out: string, settings: Settings = {}): Plan =>
  planStudy(
    { ...studies.fusion, seeds: 1 },
    { data: 'shapes', epochs: 6, batchSize: 8, limitTrain: 40, limitVal: 8, ...settings },
    out,
  );
