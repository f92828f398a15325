import { printable } from '../../runtime/printable.ts';
import { openDevice } from '../device.ts';
import { stopOnSignals } from '../stop_signals.ts';
import { describeRun, finalEpoch, type Plan } from '../study_plan.ts';
import { type Connection, connect } from './connection.ts';
import { trainHere } from './execute.ts';
import { describeStanding, followStudy, standingOf } from './follow.ts';
import { describeRuns } from './payload.ts';
import { takeRuns } from './worker.ts';

/** yy-study TABLE --queue: has the runs of a study trained by workers. */
export const follow = (plan: Plan, { checkpointEvery, quiet }: { checkpointEvery?: number; quiet?: boolean }) =>
  withQueue(async (connection, stop) => {
    const print = (line: string) => (quiet ? undefined : console.log(line));
    await followStudy(connection, plan, { checkpointEvery, stop, print });
  });

/** yy-study TABLE --queue --status: a line for each run. */
export const printStatus = (plan: Plan) =>
  withQueue(async (connection) => {
    const queued = await describeRuns(plan.runs);
    for (const [i, run] of plan.runs.entries()) {
      const standing = (await finalEpoch(run)) ? { fate: 'done' as const } : await standingOf(connection, queued[i]);
      console.log(`${describeRun(run)}: ${await describeStanding(connection, queued[i], standing)}`);
    }
  });

/** yy-study worker: trains runs of the queue until a signal. */
export const work = (options: { readonly adapter: string; readonly data?: string }) =>
  withQueue(async (connection, stop) => {
    const print = (line: string) => console.log(printable(line));
    const device = await openDevice(options);
    print(`Takes runs, on ${device.adapter.name}; Ctrl-C hands the run in progress back.`);
    device.destroy();
    await takeRuns(connection, trainHere(options), { stop, print });
  });

/** Connects to the queue, and sets the exit code if a signal ended the work. */
async function withQueue(use: (connection: Connection, stop: AbortSignal) => Promise<void>): Promise<void> {
  const connection = await connect();
  const { signal, release } = stopOnSignals();
  try {
    await use(connection, signal);
  } finally {
    release();
    await connection.close();
  }
  if (signal.aborted) process.exitCode = signal.reason;
}
