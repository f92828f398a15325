#!/usr/bin/env node
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Argument, Option } from 'commander';
import { dataNames } from '../data/data-folder.ts';
import { UserError } from '../runtime/errors.ts';
import type { EpochMetrics } from '../train/hooks.ts';
import { bounds } from '../train/schema.ts';
import { presets } from '../yinyang/config.ts';
import { adapterOption, createCommand, integer, main, quietOption } from './command.ts';
import { openDevice } from './device.ts';
import { beginRun, resumeRun } from './run.ts';
import { RunFolder } from './run_folder.ts';
import { complete, readSettings, type Settings } from './settings.ts';
import { type Experiment, type Study, studies } from './studies.ts';
import { type Outcome, writeReport } from './study_report.ts';
import { train } from './training.ts';

interface Options extends Settings {
  config?: string;
  adapter: string;
  seeds?: number;
  out?: string;
  checkpointEvery?: number;
  quiet?: boolean;
}

const command = createCommand('yy-study', "Makes a table of the paper's again, beside the paper's own figures.")
  .addArgument(new Argument('<table>', 'fusion: Table I; sizes: Table IV').choices(Object.keys(studies)))
  .option('--config <file>', 'a recipe in YAML or JSON for all runs; flags go before what it says')
  .option('--data <name|path>', `${dataNames.join(', ')}, or a folder (default: cifar10)`)
  .option(
    '--seeds <n>',
    'runs of each line, with the seeds 0 to n - 1 (default: 3 for fusion, 1 for sizes)',
    integer(1),
  )
  .addOption(new Option('--model <name>', 'which net, for fusion (default: yynet-16)').choices(Object.keys(presets)))
  .addOption(adapterOption())
  .option('--epochs <n>', 'passes over the training images (default: 40)', integer(...bounds.epochs))
  .option('--batch-size <n>', 'images a step (default: 512 for fusion, 64 for sizes)', integer(...bounds.batchSize))
  .option('--limit-train <n>', 'train on the first n images only', integer(1))
  .option('--limit-val <n>', 'validate on the first n images only', integer(1))
  .addOption(new Option('--precision <type>', 'mixed is f16 and needs shader-f16').choices(['f32', 'mixed']))
  .option('--out <dir>', 'where runs and report lie; called again, it goes on there (default: studies/TABLE)')
  .option('--checkpoint-every <n>', 'write last.safetensors every n steps, not only after each epoch', integer(1))
  .addOption(quietOption())
  .addHelpText(
    'after',
    `
Examples:
  yy-study fusion                                       18 runs of 40 epochs; stop it and call it again as you like
  yy-study fusion --epochs 3 --out studies/short        the same, scaled down
  yy-study sizes --adapter discrete --precision mixed`,
  )
  .action(run);

async function run(table: keyof typeof studies, options: Options): Promise<void> {
  const { config, adapter, seeds, out = join('studies', table), checkpointEvery, quiet, ...flags } = options;
  const study: Study = { ...studies[table], seeds: seeds ?? studies[table].seeds };
  const common: Settings = { ...study.settings, ...(config && (await readSettings(config))), ...flags };
  const outcomes: Outcome[] = study.experiments.map((experiment) => ({ ...experiment, finals: [] }));
  const say = (line: string) => (quiet ? undefined : console.log(line));
  for (let seed = 0; seed < study.seeds; seed++) {
    for (const [i, experiment] of study.experiments.entries()) {
      const settings = { ...common, ...experiment.settings, seed };
      const path = join(out, `${slug(experiment)}-seed${seed}`);
      say(`\n${experiment.name}, seed ${seed}`);
      const final = await runOnce(path, settings, options);
      if (!final) return;
      outcomes[i] = { ...outcomes[i], finals: [...outcomes[i].finals, final] };
      say(`report so far: ${await writeReport(out, study, outcomes, await about(path, common))}`);
    }
  }
}

/** Trains one run to its end, from where it is. Returns its last epoch, or nothing if it was stopped. */
async function runOnce(path: string, settings: Settings, options: Options): Promise<EpochMetrics | undefined> {
  const { adapter, checkpointEvery, quiet } = options;
  const device = await openDevice({ adapter, quiet: true });
  const begun = await RunFolder.holds(path);
  if (begun) await requireSame(path, settings);
  const run = begun ? await resumeRun(device, path, { quiet }) : await beginRun(device, settings, { out: path, quiet });
  const ended = run.trainer.finished || (await train(run, { checkpointEvery, quiet }));
  device.destroy();
  return ended ? (await run.folder.metrics()).at(-1) : undefined;
}

/** @throws UserError where the run in the folder was begun with other settings than these */
async function requireSame(path: string, settings: Settings): Promise<void> {
  const found = await readSettings(join(path, 'config.json'));
  const { classes, inputChannels } = { ...presets['yynet-16'], ...found };
  const wanted = complete(settings, { classes, inputChannels });
  for (const [key, value] of Object.entries(wanted)) {
    const other = found[key as keyof Settings];
    if (isDeepStrictEqual(other, value)) continue;
    const name = command.options.find((option) => option.attributeName() === key)?.long ?? key;
    const begun = other === undefined ? `without ${name}` : `with ${name} ${other}`;
    throw new UserError(`${path} was begun ${begun}: give the same, or another folder with --out.`);
  }
}

const slug = ({ name }: Experiment) => name.split(',')[0].replace('(1-i)', 'not-i').replaceAll('*', '-x-');

/** What all runs have in common, for the report's reader. */
async function about(path: string, common: Settings): Promise<string[]> {
  const { epochs, batchSize, precision, limitTrain } = await readSettings(join(path, 'config.json'));
  const images = limitTrain ? `the first ${limitTrain} images` : 'all images';
  return [`${common.data}, ${images}, ${epochs} epochs of batches of ${batchSize}, ${precision}`];
}

await main(command);
