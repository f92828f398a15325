// The process of a worker of stand-in runs (worker PACE [LOG]), or of a caller (caller FOLDER SETTINGS).
import { connect } from '../../src/cli/queue/connection.ts';
import { followStudy } from '../../src/cli/queue/follow.ts';
import { takeRuns } from '../../src/cli/queue/worker.ts';
import { stopOnSignals } from '../../src/cli/stop_signals.ts';
import { standIn } from './stand_in.ts';
import { quick, smallPlan } from './study.ts';

const [, , role, first, second] = process.argv;
const { signal: stop } = stopOnSignals();
const connection = await connect();
const print = console.log;
if (role === 'worker') {
  await takeRuns(connection, standIn({ pace: Number(first), log: second }), { stop, timing: quick, print });
} else {
  await followStudy(connection, smallPlan(first, JSON.parse(second)), { stop, print });
}
await connection.close();
