import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readCheckpointFiles, writeFiles } from '../../src/cli/queue/files.ts';
import type { RunState } from '../../src/cli/queue/state.ts';
import type { Execute } from '../../src/cli/queue/worker.ts';
import { RunFolder } from '../../src/cli/run_folder.ts';
import { completeSettings, type Settings, snakeCase } from '../../src/cli/settings.ts';
import { Parameter } from '../../src/nn/module.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { type Checkpoint, decodeCheckpoint } from '../../src/train/checkpoint.ts';
import type { EpochMetrics } from '../../src/train/hooks.ts';
import { shapesRecipe } from '../../src/train/recipe.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';

const config = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
const named = [...yynet.create(config).module.named()];
const zeros = (only: typeof named) =>
  Object.fromEntries(
    only.map(([name, { shape }]) => [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }]),
  );
const parameters = named.filter(([, variable]) => variable instanceof Parameter);

/** A checkpoint that holds one number, `value`, which depends on all earlier steps. */
function checkpointAt(
  recipe: Checkpoint['recipe'],
  seed: number,
  steps: number,
  step: number,
  value: number,
): Checkpoint {
  const epoch = Math.floor(step / steps) + 1;
  const position = { epoch, batch: step % steps, step, order: [1, 2, 3, 4] as const, best: 0, bestEpoch: 0 };
  const moments = [0, 1, 2].map(() => zeros(parameters));
  return {
    ...{ architecture: yynet, config, recipe, seed, fingerprint: '0123456789abcdef', state: zeros(named) },
    classNames: Array.from({ length: config.classes }, (_, i) => String(i)),
    training: {
      ...{ position, weights: zeros(parameters), totals: Float32Array.of(value, 0) },
      optimizer: { steps: step, moments, guard: Float32Array.of(1, step, 0) },
    },
  };
}

interface Options {
  /** Milliseconds of a step. */
  readonly pace: number;
  /** A file to which each step is written, as a line. */
  readonly log?: string;
}

/** Takes the place of training: quick steps without a GPU, whose result shows every step left out or done twice. */
export const standIn =
  ({ pace, log }: Options): Execute =>
  async ({ settings, state, signal, save, payload, print }) => {
    if (settings.learningRate === 0.5) throw new UserError('the batch does not fit.');
    const recipe = { ...shapesRecipe, epochs: settings.epochs!, batchSize: settings.batchSize! };
    const steps = settings.limitTrain! / recipe.batchSize;
    const last = state.files['last.safetensors'];
    const training = last ? decodeCheckpoint(last, [yynet]).training! : undefined;
    let step = training?.position.step ?? 0;
    let value = training?.totals[0] ?? 1;
    const path = await mkdtemp(join(process.env.YYNET_TESTS!, 'run-'));
    await writeFiles(path, { ...state.files, 'config.json': Buffer.from(configOf(settings)) });
    const { folder } = await RunFolder.open(path);
    const metricsOf = (epoch: number): EpochMetrics => ({
      ...{ epoch, step, train_loss: value, train_accuracy: 0.5, val_loss: value, val_accuracy: value / 65537 },
      ...{ best_accuracy: value / 65537, learning_rate: 0.01, weight_decay: 0.01 },
    });
    const checkpoint = () => checkpointAt(recipe, settings.seed!, steps, step, value);
    const where = () => ({ host: 'here', epoch: Math.floor(step / steps), epochs: recipe.epochs });
    const send = async () => save({ files: await readCheckpointFiles(path), where: where(), adapters: ['stand-in'] });
    await save({ files: {}, where: where() });
    print(`at step ${step}`);
    while (step < steps * recipe.epochs && !signal.aborted) {
      await pause(pace, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      value = (value * 75 + 74 + step) % 65537;
      step++;
      if (log) await appendFile(log, `${payload.name} ${step}\n`);
      if (step % steps !== 0) continue;
      await folder.writeEpoch(metricsOf(step / steps), checkpoint());
      await send();
    }
    await folder.close();
    if (step < steps * recipe.epochs) {
      await folder.writeLast(checkpoint());
      await send();
      return false;
    }
    await save({ files: { ...(await readCheckpointFiles(path)), 'config.json': await readFile(folder.configFile) } });
    await rm(path, { recursive: true });
    print('is done');
    return true;
  };

const configOf = (settings: Settings) =>
  JSON.stringify(snakeCase({ ...completeSettings(settings, { classes: 10, inputChannels: 3 }), adapter: 'stand-in' }));

/** The files of a run that nobody disturbs. */
export async function alone(settings: Settings): Promise<RunState['files']> {
  let files: RunState['files'] = {};
  await standIn({ pace: 0 })({
    ...{ settings, state: { files: {} }, signal: new AbortController().signal, print: () => {} },
    payload: { version: '', name: 'alone', settings: {} },
    save: async (state) => {
      files = state.files;
    },
  });
  return files;
}
