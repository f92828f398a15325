import { once } from 'node:events';
import type { Job } from 'bullmq';
import { UserError } from '../../runtime/errors.ts';
import { DivergedError } from '../../train/health.ts';
import type { Settings } from '../settings.ts';
import { type Connection, PREFIX, QUEUE } from './connection.ts';
import { describeJob, type Payload, Refusal, readPayload } from './payload.ts';
import { LostRun, type RunState, readState, writeState } from './state.ts';

/** A run that a worker has taken. */
export interface Task {
  readonly payload: Payload;
  readonly settings: Settings;
  /** What earlier workers have written. */
  readonly state: RunState;
  /** Aborts when the worker is told to stop or has lost the run. */
  readonly signal: AbortSignal;
  /** Writes to the queue. Throws LostRun if another worker has the run. */
  save(state: RunState): Promise<void>;
  print(message: string): void;
}

/** Trains a run to its end and returns true; or, once its signal aborts, saves a checkpoint and returns false. */
export type Execute = (task: Task) => Promise<boolean>;

/** In milliseconds. */
export interface Timing {
  /** A worker that has not renewed its lock for this long has lost its run. Renewal needs the event loop. */
  readonly lock: number;
  /** Between two looks for lost runs. */
  readonly check: number;
  /** Until a refused run is offered again. */
  readonly again: number;
}

export const TIMING: Timing = { lock: 60_000, check: 30_000, again: 5_000 };

/** Takes runs from the queue, one at a time, until `stop` aborts: the run in progress goes back with its checkpoint. */
export async function takeRuns(
  connection: Connection,
  execute: Execute,
  { stop, timing = TIMING, print }: { stop: AbortSignal; timing?: Timing; print: (line: string) => void },
): Promise<void> {
  const { bullmq, redis } = connection;
  let lost = new AbortController();
  // A refused run comes again and again: one line is enough.
  const refused = new Set<string>();

  const run = async (job: Job, token: string): Promise<boolean> => {
    const id = job.id!;
    lost = new AbortController();
    const { payload, settings } = readPayload(job.data, id);
    return execute({
      ...{ payload, settings, state: await readState(connection, id) },
      signal: AbortSignal.any([stop, lost.signal]),
      save: (state) => writeState(connection, id, token, state),
      print: (message) => print(`${payload.name} ${message}`),
    });
  };

  const process = async (job: Job, token = ''): Promise<void> => {
    const name = describeJob(job.id!);
    let finished: boolean;
    try {
      finished = await run(job, token);
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof LostRun) {
        print(`${name} is left: ${message}`);
        // Says no more than that this worker has nothing to write about the job.
        throw new bullmq.WaitingError();
      }
      if (error instanceof Refusal) {
        if (!refused.has(job.id!)) print(`${name} is left to others: ${message}`);
        refused.add(job.id!);
        await job.moveToDelayed(Date.now() + timing.again, token);
        throw new bullmq.DelayedError();
      }
      print(`${name} fails: ${message}`);
      if (error instanceof UserError || error instanceof DivergedError) throw new bullmq.UnrecoverableError(message);
      throw error;
    }
    if (!finished) {
      await job.moveToWait(token);
      throw new bullmq.WaitingError();
    }
  };

  const worker = new bullmq.Worker(QUEUE, process, {
    ...{ connection: redis, prefix: PREFIX },
    lockDuration: timing.lock,
    stalledInterval: timing.check,
    // A run may lose any number of workers.
    maxStalledCount: 1_000_000,
    // After a lost connection.
    runRetryDelay: 1000,
  });
  worker.on('error', () => {}); // the connection reports them
  worker.on('lockRenewalFailed', () => lost.abort());
  if (!stop.aborted) await once(stop, 'abort');
  await worker.close();
}
