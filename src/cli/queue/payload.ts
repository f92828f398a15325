import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { version } from '../../../package.json';
import { dataNames } from '../../data/data-folder.ts';
import type { Pictures, Splits } from '../../data/dataset.ts';
import { fingerprint } from '../../data/fingerprint.ts';
import { count, parse } from '../../data/parse.ts';
import { UserError } from '../../runtime/errors.ts';
import { printableName, shorten } from '../../runtime/printable.ts';
import { checkSettings, flatSettings, inputSizeOf, loadData, type Settings } from '../settings.ts';
import type { PlannedRun } from '../study_plan.ts';

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));

/** What the queue holds of a run: settings and names, no path and no code. */
const payloadSchema = v.strictObject({
  version: v.string(),
  name: v.pipe(v.string(), v.regex(/^[\w+-]{1,80}$/)),
  /** As in a recipe; without `data` if these are known by their fingerprints. */
  settings: v.record(v.string(), v.unknown()),
  fingerprints: v.optional(v.strictObject({ train: hash, validation: hash })),
  checkpointEvery: v.optional(v.pipe(count, v.minValue(1))),
});

export type Payload = v.InferOutput<typeof payloadSchema>;

/** Why a worker leaves a run to others. */
export class Refusal extends Error {}

/** A run as the queue knows it: equal settings have one id, so that a run put in twice is one. */
export interface QueuedRun {
  readonly id: string;
  readonly payload: Payload;
}

/** The name of the run with this id, for people. */
export const describeJob = (id: string) => shorten(printableName(id.replace(/-[0-9a-f]{16}$/, '')), 80);

/** Describes planned runs to the queue. Data in folders are opened, for their fingerprints. */
export async function describeRuns(runs: readonly PlannedRun[], checkpointEvery?: number): Promise<QueuedRun[]> {
  const known = new Map<string, Payload['fingerprints']>();
  const described: QueuedRun[] = [];
  for (const { settings, name } of runs) {
    const { data, ...others } = settings;
    const named = dataNames.includes(data!);
    // Seed and sizes decide how a folder is split and read.
    const key = JSON.stringify([settings.seed, inputSizeOf(settings)]);
    if (!named && !known.has(key)) known.set(key, await fingerprintsOf(await openQuietly(settings)));
    // As the queue will return it, without undefined values.
    const flat = JSON.parse(JSON.stringify(flatSettings(named ? settings : others)));
    const fingerprints = named ? undefined : known.get(key);
    const id = createHash('sha256')
      .update(JSON.stringify([version, name, sorted(flat), fingerprints]))
      .digest('hex');
    described.push({
      id: `${name}-${id.slice(0, 16)}`,
      payload: { version, name, settings: flat, fingerprints, checkpointEvery },
    });
  }
  return described;
}

export const openQuietly = (settings: Settings) =>
  loadData(settings, { inputSize: inputSizeOf(settings), quiet: true });

export const fingerprintsOf = async ({ train, validation }: Splits<Pictures>) => ({
  train: await fingerprint(train),
  validation: await fingerprint(validation),
});

const sorted = (object: object) => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));

/**
 * Checks what the queue says of a run, which is not trusted.
 * @throws Refusal if it is of another version of yynet
 * @throws UserError if it is no run
 */
export function readPayload(content: unknown, id: string): { readonly payload: Payload; readonly settings: Settings } {
  const source = `the queue's run ${describeJob(id)}`;
  const { version: other } = (content ?? {}) as Partial<Payload>;
  if (typeof other === 'string' && other !== version) {
    throw new Refusal(`it is of yynet ${shorten(printableName(other), 20)}, and this is ${version}`);
  }
  const payload = parse(payloadSchema, content, source);
  const settings = checkSettings(payload.settings, source);
  const { data, init } = settings;
  // A file or an address that this machine would open for a stranger.
  if (init !== undefined) throw new UserError(`'init' in ${source} is wrong: a study starts from random weights.`);
  if (payload.fingerprints ? data !== undefined : !dataNames.includes(data ?? '')) {
    throw new UserError(
      `'data' in ${source} is wrong: expected one of ${dataNames.join(', ')}, or fingerprints instead.`,
    );
  }
  return { payload, settings };
}
