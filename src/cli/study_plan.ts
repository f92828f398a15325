import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_MODEL } from '../configure.ts';
import { models } from '../nets.ts';
import { UserError } from '../runtime/errors.ts';
import type { EpochMetrics } from '../train/hooks.ts';
import { RunFolder } from './run_folder.ts';
import { completeSettings, readSettings, type Settings } from './settings.ts';
import type { Experiment, Study } from './studies.ts';

/** One training of a study: an experiment with one seed. */
export interface PlannedRun {
  readonly experiment: Experiment;
  readonly seed: number;
  readonly settings: Settings;
  /** Name of its folder. */
  readonly name: string;
  readonly path: string;
}

/** A study with the settings of a call, and its runs in the order in which one machine trains them. */
export interface Plan {
  readonly study: Study;
  readonly folder: string;
  readonly runs: readonly PlannedRun[];
}

/**
 * @param common settings of all runs
 * @throws UserError if they start from a net: machines that share a study have no files in common
 */
export function planStudy(study: Study, common: Settings, folder: string): Plan {
  if (common.init !== undefined) {
    throw new UserError("The nets of a study start from random weights: leave out 'init' in its recipe.");
  }
  const seeds = Array.from({ length: study.seeds }, (_, seed) => seed);
  const runs = seeds.flatMap((seed) =>
    study.experiments.map((experiment) => {
      const { net, ...own } = experiment.settings;
      const name = `${slug(experiment)}-seed${seed}`;
      const settings = { ...common, ...own, net: { ...common.net, ...net }, seed };
      return { experiment, seed, settings, name, path: join(folder, name) };
    }),
  );
  return { study, folder, runs };
}

const slug = ({ name }: Experiment) => name.split(',')[0].replace('(1-i)', 'not-i').replaceAll('*', '-x-');

export const describeRun = ({ experiment, seed }: PlannedRun) => `${experiment.name}, seed ${seed}`;

/** The last epoch of a run that is done; undefined for other runs. */
export async function finalEpoch({ path }: PlannedRun): Promise<EpochMetrics | undefined> {
  if (!(await RunFolder.holds(path))) return undefined;
  const settings = await readSettings(join(path, 'config.json'));
  const { epochs, maxSteps = Number.POSITIVE_INFINITY, patience = 0 } = settings;
  const metrics = await RunFolder.metricsOf(path);
  const last = metrics.at(-1);
  if (!last) return undefined;
  const best = metrics.find(({ val_accuracy }) => val_accuracy === last.best_accuracy) ?? last;
  const gaveUp = patience > 0 && last.epoch - best.epoch >= patience;
  return last.epoch === epochs || last.step >= maxSteps || gaveUp ? last : undefined;
}

/**
 * @param flagOf returns the flag of a setting, if it has one
 * @throws UserError if a run's folder has a run with other settings than these
 */
export async function requireSame({ path, settings }: PlannedRun, flagOf: (key: string) => string | undefined) {
  if (!(await RunFolder.holds(path))) return;
  const found = await readSettings(join(path, 'config.json'));
  const { classes, inputChannels } = { ...models[DEFAULT_MODEL].config, ...found.net };
  const expected = completeSettings(settings, { classes, inputChannels });
  const actual: Record<string, unknown> = { ...found, ...found.net };
  for (const [key, value] of Object.entries(expected)) {
    // A device without room for a batch chooses parts of it.
    const isChosen = key === 'microBatch' && !settings.microBatch;
    if (isChosen || isDeepStrictEqual(actual[key], value)) continue;
    const name = flagOf(key) ?? key;
    const setting = actual[key] === undefined ? `without ${name}` : `with ${name} ${actual[key]}`;
    throw new UserError(`${path} was started ${setting}; use the same setting, or another folder with --out.`);
  }
}
