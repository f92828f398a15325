import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Device } from '../../runtime/device.ts';
import { UserError } from '../../runtime/errors.ts';
import type { EpochMetrics } from '../../train/hooks.ts';
import { requirePrecision } from '../../train/step.ts';
import { CheckpointWriter } from '../checkpoint_writer.ts';
import { openDevice } from '../device.ts';
import { describeEpoch, ProgressLine } from '../progress.ts';
import { beginRun, configFile, type Run, resumeRun } from '../run.ts';
import { flatSettings, type Settings, snakeCase } from '../settings.ts';
import { calibrateBest } from '../training.ts';
import { combineWatchers } from '../watchers.ts';
import { readCheckpointFiles, writeFiles } from './files.ts';
import { fingerprintsOf, openQuietly, Refusal } from './payload.ts';
import type { Execute, Task } from './worker.ts';

interface Options {
  readonly adapter: string;
  /** The folder of runs whose data the queue knows by fingerprints. */
  readonly data?: string;
}

/** Trains runs of the queue on this machine, in a temporary folder. */
export const trainHere =
  (options: Options): Execute =>
  async (task) => {
    const settings = await findData(task, options.data);
    const device = await refuseFailures(openDevice({ adapter: options.adapter, quiet: true }));
    const path = await mkdtemp(join(tmpdir(), 'yynet-run-'));
    try {
      await refuseFailures(Promise.resolve().then(() => requirePrecision(device, settings.precision ?? 'f32')));
      return await trainIn(path, device, { ...task, settings });
    } finally {
      device.destroy();
      await rm(path, { recursive: true, force: true });
    }
  };

/** Says where the data of a run lie on this machine. */
async function findData({ payload: { fingerprints }, settings }: Task, folder?: string): Promise<Settings> {
  if (fingerprints && !folder) throw new Refusal('its data are in a folder, which --data names');
  const own = fingerprints ? { ...settings, data: resolve(folder!) } : settings;
  const found = await refuseFailures(openQuietly(own).then(fingerprintsOf));
  if (fingerprints && !isDeepStrictEqual(found, fingerprints)) throw new Refusal(`${folder} has other data`);
  return own;
}

/** What this machine cannot do, another may. */
async function refuseFailures<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof UserError ? new Refusal(error.message) : error;
  }
}

async function trainIn(path: string, device: Device, task: Task): Promise<boolean> {
  const { payload, settings, signal, save, print } = task;
  const { run, adapters: earlier } = await openRun(path, device, task);
  const { trainer, data, maxSteps } = run;
  const { name } = device.adapter;
  const adapters = earlier.at(-1) === name ? earlier : [...earlier, name];
  let epoch = Math.floor(trainer.step / trainer.stepsPerEpoch);
  const where = () => ({ host: hostname(), epoch, epochs: trainer.recipe.epochs });
  const send = async () => save({ files: await readCheckpointFiles(path), where: where(), adapters });
  await save({ files: {}, where: where() });
  print(trainer.step ? `goes on after step ${trainer.step}, on ${name}` : `begins on ${name}`);
  const writer = new CheckpointWriter(run, payload.checkpointEvery, { written: send });
  const progress = new ProgressLine();
  const printer = {
    onProgress: process.stderr.isTTY ? progress.update.bind(progress) : undefined,
    onEpoch: (metrics: EpochMetrics) => {
      epoch = metrics.epoch;
      progress.stop();
      print(describeEpoch(metrics, trainer.recipe.epochs));
    },
  };
  try {
    await trainer.run(combineWatchers([printer, writer]), { maxSteps, signal });
    if (signal.aborted && !trainer.finished) {
      await writer.writeLast();
      print(`is handed back after step ${trainer.step}`);
      return false;
    }
    if (trainer.finished) await calibrateBest(run);
  } finally {
    progress.stop();
    await run.folder.close();
  }
  // Which may be the device's choice.
  const { microBatch } = trainer.recipe;
  const config = {
    ...configFile(settings, data, trainer.module, device),
    ...snakeCase({ microBatch }),
    adapter: adapters.length > 1 ? adapters : adapters[0],
  };
  await save({
    files: { ...(await readCheckpointFiles(path)), 'config.json': Buffer.from(JSON.stringify(config)) },
    adapters,
  });
  print('is done');
  return true;
}

/** Lays down what earlier workers have sent and resumes it, or begins the run. Returns the adapters of that state too. */
async function openRun(
  path: string,
  device: Device,
  { settings, state, print }: Task,
): Promise<{ readonly run: Run; readonly adapters: readonly string[] }> {
  if (state.files['last.safetensors']) {
    try {
      await writeFiles(path, { ...state.files, 'config.json': Buffer.from(JSON.stringify(flatSettings(settings))) });
      return { run: await resumeRun(device, path, { quiet: true }), adapters: state.adapters ?? [] };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      print(`starts over, because its checkpoint in the queue cannot be used: ${error.message}`);
      await rm(path, { recursive: true });
    }
  }
  return { run: await beginRun(device, settings, { out: path, quiet: true }), adapters: [] };
}
