import { setTimeout as pause } from 'node:timers/promises';
import { version } from '../../../package.json';
import { withFineTuning } from '../../configure.ts';
import type { Device } from '../../runtime/device.ts';
import { DivergedError } from '../../train/health.ts';
import { CheckpointWriter } from '../checkpoint_writer.ts';
import { describeError, exitCodeOf } from '../command.ts';
import { openDevice } from '../device.ts';
import { readInit, settingsFrom } from '../init.ts';
import { beginRun, openTrainer, requireShards, resumeRun, startOf } from '../run.ts';
import { inputSizeOf, loadData, type Settings } from '../settings.ts';
import { type TrainOptions, train } from '../training.ts';
import { combineWatchers } from '../watchers.ts';
import { MpiCrew, SharedError } from './crew.ts';
import { MpiGroup } from './group.ts';
import type { Launch } from './launch.ts';
import { loadMpi } from './library.ts';

export interface TogetherOptions extends TrainOptions {
  readonly adapter: string;
  readonly out?: string;
  readonly resume?: string;
  readonly data?: string;
  readonly maxSteps?: number;
  /** Seconds after which a rank that does not answer is taken for lost. */
  readonly linkTimeout: number;
  readonly verbose?: boolean;
}

/** Milliseconds that other ranks leave the first one to print what it has found too. */
const PRECEDENCE = 4000;

/**
 * Trains a run, or resumes one, as one of several ranks. The first one has its folder, and prints.
 * @param settings of a new run
 * @throws UserError where MPI cannot be used
 */
export async function trainTogether(launch: Launch, options: TogetherOptions, settings?: Settings): Promise<void> {
  const crew = await join(launch, settings);
  const { group } = crew;
  try {
    const work = await begin(crew, options, settings);
    group.patience = 1000 * options.linkTimeout;
    await work();
  } catch (error) {
    if (!(error instanceof SharedError)) return abort(crew, error as Error);
    if (group.rank === 0) console.error(`yy-train: ${error.message}`);
    process.exitCode = error.exitCode;
  }
  await group.close();
}

/** @throws UserError where there are fewer shards than ranks, or MPI cannot be used */
async function join(launch: Launch, settings?: Settings): Promise<MpiCrew> {
  try {
    if (settings) requireShards(settings.shards ?? 1, launch.ranks);
    return new MpiCrew(new MpiGroup(await loadMpi(launch), launch));
  } catch (error) {
    // Most likely all have it, and the first to end ends the others.
    if (launch.rank > 0) await pause(PRECEDENCE);
    throw error;
  }
}

/** Ends all ranks because of an error that the others do not know of. */
async function abort({ group }: MpiCrew, error: Error): Promise<void> {
  // All ranks have the same weights, so the first one finds that too.
  if (error instanceof DivergedError && group.rank > 0) await pause(PRECEDENCE);
  console.error(`yy-train: ${group.rank > 0 ? `rank ${group.rank}: ` : ''}${describeError(error)}`);
  group.abort(exitCodeOf(error));
}

/** Prepares the run. Returns what trains it. */
async function begin(crew: MpiCrew, options: TogetherOptions, settings?: Settings): Promise<() => Promise<unknown>> {
  try {
    const { adapter, quiet } = options;
    const isFirst = crew.group.rank === 0;
    const device = await openDevice({ adapter, quiet: quiet || !isFirst });
    await crew.compare(async () => factsOf(device, options));
    const work = await (isFirst ? lead : follow)(crew, device, options, settings);
    await crew.meet(null);
    return work;
  } catch (error) {
    return error instanceof SharedError ? Promise.reject(error) : crew.fail(error as Error);
  }
}

/** What all ranks must have been called with. */
const factsOf = (device: Device, { resume, checkpointEvery, maxSteps }: TogetherOptions) => ({
  ...{ 'the version of yynet': version, 'the adapter': device.adapter.name, 'the driver': device.adapter.driver },
  ...{ '--resume': resume !== undefined, '--checkpoint-every': checkpointEvery, '--max-steps': maxSteps },
});

/** Prepares the run on the first rank, which has its folder. */
async function lead(
  crew: MpiCrew,
  device: Device,
  options: TogetherOptions,
  settings?: Settings,
): Promise<() => Promise<unknown>> {
  const { resume, json, quiet } = options;
  const run = await (settings
    ? beginRun(device, settings, { ...options, crew })
    : resumeRun(device, resume!, { ...options, crew }));
  const summary = `${run.summary}\n${crew.group.ranks} ranks train ${run.trainer.recipe.shards} shards`;
  if (!quiet) (json ? console.error : console.log)(summary);
  return () => train(run, options, crew);
}

/** Prepares the training on another rank, which writes nothing. */
async function follow(
  crew: MpiCrew,
  device: Device,
  options: TogetherOptions,
  own?: Settings,
): Promise<() => Promise<unknown>> {
  const { settings: given, checkpoint } = own ? { settings: own } : await crew.hear();
  const init = checkpoint ? undefined : await readInit(given, true);
  const started = { ...(init ? settingsFrom(init, given) : given), ...(options.data && { data: options.data }) };
  const data = await crew.inTurn(() => loadData(started, { inputSize: inputSizeOf(started), quiet: true }));
  const start = startOf(started, data, init);
  const settings = withFineTuning(started, data, start);
  const trainer = await openTrainer(device, settings, data, { crew, checkpoint, start });
  const maxSteps = options.maxSteps ?? settings.maxSteps;
  return async () => {
    const writer = new CheckpointWriter({ trainer, folder: NOWHERE }, options.checkpointEvery, { verify: crew.verify });
    const { signal, release } = crew.listen();
    try {
      await trainer.run(combineWatchers([writer]), { maxSteps, signal });
      if (signal.aborted) await writer.writeLast();
      process.exitCode = signal.reason;
    } finally {
      release();
    }
  };
}

const NOWHERE = { writeEpoch: async () => {}, writeLast: async () => '' };
