import { mkdir, rename, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../runtime/errors.ts';
import { printable } from '../../runtime/printable.ts';
import { StudyLine } from '../progress.ts';
import { RunFolder } from '../run_folder.ts';
import { RunLock } from '../run_lock.ts';
import { absoluteData } from '../settings.ts';
import { describeRun, finalEpoch, type Plan, type PlannedRun } from '../study_plan.ts';
import { writeReport } from '../study_report.ts';
import type { Connection } from './connection.ts';
import { writeFiles } from './files.ts';
import { describeRuns, type QueuedRun } from './payload.ts';
import { dropState, KEPT, readState, readWhere } from './state.ts';

/** Milliseconds between two looks at the queue. */
const PERIOD = 500;

interface Options {
  readonly checkpointEvery?: number;
  /** Ends following; the runs stay in the queue. */
  readonly stop: AbortSignal;
  readonly print: (line: string) => void;
}

/** How a run fares in the queue. */
export type Fate = 'waiting' | 'active' | 'done' | 'failed' | 'missing';

/** Why a failed run failed, in one line. */
export type Standing = { readonly fate: Fate; readonly reason?: string };

/** Looks up how a run fares. */
export async function standingOf({ queue }: Connection, { id }: QueuedRun): Promise<Standing> {
  const state = await queue.getJobState(id);
  if (state === 'completed') return { fate: 'done' };
  if (state === 'failed') {
    const reason = (await queue.getJob(id))?.failedReason ?? 'its job is gone';
    return { fate: 'failed', reason: printable(reason.replaceAll(/\s+/g, ' ')) };
  }
  if (state === 'unknown') return { fate: 'missing' };
  return { fate: state === 'active' ? 'active' : 'waiting' };
}

/** A line about a run: how it fares, and where it is trained. */
export async function describeStanding(connection: Connection, run: QueuedRun, { fate, reason }: Standing) {
  if (fate === 'failed') return `failed: ${reason}`;
  const where = fate === 'active' ? await readWhere(connection, run.id) : undefined;
  return where ? `active on ${where.host}, ${where.epoch} of ${where.epochs} epochs done` : fate;
}

/**
 * Puts the runs of a study into the queue, follows them, and writes their folders and the report as they end.
 * @returns false if `stop` ended following
 * @throws UserError at the end if runs failed
 */
export async function followStudy(connection: Connection, plan: Plan, options: Options): Promise<boolean> {
  const { stop, print } = options;
  const finals = await Promise.all(plan.runs.map(finalEpoch));
  const missing = plan.runs.filter((_, i) => !finals[i]);
  const queued = await describeRuns(missing, options.checkpointEvery);
  const pending = new Map(missing.map((run, i) => [run, queued[i]]));
  for (const task of queued) {
    // Called again, a study tries again what failed.
    if ((await standingOf(connection, task)).fate === 'failed') await connection.queue.remove(task.id);
    await enqueue(connection, task);
  }
  const failures: string[] = [];
  const line = new StudyLine();
  const total = plan.runs.length;
  let report = await writeReport(plan);
  while (pending.size > 0 && !stop.aborted) {
    const details: string[] = [];
    let waiting = 0;
    for (const [run, task] of pending) {
      const standing = await standingOf(connection, task);
      if (standing.fate === 'active')
        details.push(`${run.name}: ${await describeStanding(connection, task, standing)}`);
      if (standing.fate === 'waiting') waiting++;
      if (standing.fate === 'missing') await enqueue(connection, task);
      if (standing.fate !== 'done' && standing.fate !== 'failed') continue;
      line.stop();
      if (standing.fate === 'done' && !(await bringHome(connection, run, task, print))) continue;
      pending.delete(run);
      const end = `${describeRun(run)} ${standing.fate === 'done' ? 'is done' : `failed: ${standing.reason}`}`;
      if (standing.fate === 'failed') failures.push(end);
      report = await writeReport(plan, failures);
      print(`${end}; report so far: ${report}`);
    }
    line.update(total - pending.size, total, [`${waiting} waiting`, ...details]);
    await pause(PERIOD, undefined, { signal: stop }).catch(() => {});
  }
  line.stop();
  if (stop.aborted) print('The runs stay in the queue; the same command follows them again.');
  else if (failures.length > 0) throw new UserError(`${failures.length} of ${total} runs failed; ${report} says why.`);
  return !stop.aborted;
}

/** Puts a run into the queue, where it is not there yet. */
async function enqueue({ queue }: Connection, { id, payload }: QueuedRun): Promise<void> {
  const kept = { age: KEPT / 1000 };
  // Errors that are not the run's own, such as a lost device, may not come again.
  await queue.add('run', payload, { jobId: id, attempts: 3, removeOnComplete: kept, removeOnFail: kept });
}

/** Writes the folder of a run that is done. Returns false if the queue's files are damaged: then the run is trained again. */
async function bringHome(
  connection: Connection,
  run: PlannedRun,
  queued: QueuedRun,
  print: (line: string) => void,
): Promise<boolean> {
  const part = `${run.path}.part`;
  await rm(part, { recursive: true, force: true });
  try {
    const { files } = await readState(connection, queued.id);
    const config = JSON.parse(Buffer.from(files['config.json'] ?? []).toString());
    // The worker's data lie elsewhere.
    const own = { ...config, data: absoluteData(run.settings.data) };
    await writeFiles(part, { ...files, 'config.json': Buffer.from(`${JSON.stringify(own, null, 2)}\n`) });
    const { folder } = await RunFolder.open(part);
    await folder.drawCurve();
    await folder.close();
    if (!(await finalEpoch({ ...run, path: part }))) throw new UserError('it lacks epochs');
  } catch (error) {
    if (!(error instanceof UserError || error instanceof SyntaxError)) throw error;
    print(`${describeRun(run)} is trained again, because its files in the queue are damaged: ${error.message}`);
    await rm(part, { recursive: true, force: true });
    await connection.queue.remove(queued.id);
    await dropState(connection, queued.id);
    return false;
  }
  // An unfinished run of this machine gives way, unless a process is at it.
  await mkdir(run.path, { recursive: true });
  const lock = await RunLock.take(run.path);
  await rm(run.path, { recursive: true });
  await lock.release();
  await rename(part, run.path);
  return true;
}
