import type { Pictures, Splits } from '../data/dataset.ts';
import { some } from '../data/some.ts';
import type { Device } from '../runtime/device.ts';
import { Trainer } from '../train/trainer.ts';
import { YYNet } from '../yinyang/yynet.ts';
import { RunFolder } from './run_folder.ts';
import {
  complete,
  configureNet,
  configureRecipe,
  inputSizeOf,
  loadData,
  readSettings,
  type Settings,
  shapeOf,
  snakeCase,
} from './settings.ts';

/** A training that is about to begin, or to go on. */
export interface Run {
  readonly trainer: Trainer;
  readonly data: Splits<Pictures>;
  readonly folder: RunFolder;
  readonly maxSteps?: number;
  /** A few lines about it. */
  readonly summary: string;
}

interface Begin {
  /** The run's folder, by default a new one under runs/. */
  readonly out?: string;
  /** Whether nothing is said of how the data are read. */
  readonly quiet?: boolean;
}

interface Resume extends Pick<Begin, 'quiet'> {
  /** A limit of steps other than the run's own. */
  readonly maxSteps?: number;
}

/**
 * Sets a run up and writes its config.json.
 * @throws UserError where data, settings or the folder do not serve
 */
export async function beginRun(device: Device, settings: Settings, { out, quiet }: Begin): Promise<Run> {
  const { model = 'yynet-16', seed = 0, maxSteps } = settings;
  const data = await loadData(settings, { inputSize: inputSizeOf(settings), quiet });
  const { train, validation } = data;
  const shape = shapeOf(data);
  const recipe = configureRecipe(settings, shape);
  const net = new YYNet(configureNet(settings, shape));
  const config = {
    ...complete(settings, shape),
    adapter: device.adapter.name,
    parameters: net.parameterCount,
    classNames: train.classes,
    trainImages: train.length,
    valImages: validation.length,
  };
  const folder = await (out
    ? RunFolder.create(out, snakeCase(config))
    : RunFolder.createNext(`${train.name}-${model}`, snakeCase(config)));
  const summary =
    `${model}: ${net.parameterCount.toLocaleString('en')} parameters, on ${device.adapter.name}\n` +
    `${train.classes.length} classes: ${some(train.classes)}\n` +
    `${train.length} images to train on, ${validation.length} to validate, written to ${folder.path}`;
  const trainer = await Trainer.create(device, net, data, recipe, { seed }).catch(async (error) => {
    await folder.discard();
    throw error;
  });
  return { trainer, data, folder, maxSteps, summary };
}

/**
 * Sets a run up to go on where its last checkpoint is, or from its beginning where it has none yet.
 * @throws UserError where there is none, or it is damaged, or its data are not what they were
 */
export async function resumeRun(device: Device, path: string, { quiet, ...given }: Resume): Promise<Run> {
  const { folder, from } = await RunFolder.open(path);
  const settings = await readSettings(folder.configFile);
  const { maxSteps = settings.maxSteps } = given;
  const data = await loadData(settings, { inputSize: inputSizeOf(settings), quiet });
  const shape = shapeOf(data);
  const trainer = await (from
    ? Trainer.create(device, new YYNet(from.config), data, from.recipe, { from })
    : Trainer.create(device, new YYNet(configureNet(settings, shape)), data, configureRecipe(settings, shape), {
        seed: settings.seed ?? 0,
      }));
  const run = { trainer, data, folder, maxSteps };
  if (trainer.finished) return { ...run, summary: `${path}: all ${trainer.recipe.epochs} epochs are done.` };
  if (maxSteps !== undefined && trainer.step >= maxSteps) {
    const limit = `${path} has taken ${trainer.step} steps, and its limit is ${maxSteps}`;
    return { ...run, summary: `${limit}: it goes on with a larger --max-steps beside --resume.` };
  }
  await folder.forgetMetrics(from?.training?.position.epoch ?? 1);
  const where = trainer.step ? `after step ${trainer.step}` : 'from its beginning';
  return { ...run, summary: `${path} goes on ${where}, on ${device.adapter.name}` };
}
