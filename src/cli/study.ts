#!/usr/bin/env node
import { join } from 'node:path';
import { Argument, Option } from 'commander';
import { dataNames } from '../data/data-folder.ts';
import { models } from '../nets.ts';
import { UserError } from '../runtime/errors.ts';
import { bounds } from '../train/schema.ts';
import { adapterOption, createCommand, integer, main, quietOption } from './command.ts';
import { openDevice } from './device.ts';
import { beginRun, resumeRun } from './run.ts';
import { RunFolder } from './run_folder.ts';
import { readSettings, type Settings } from './settings.ts';
import { type Study, studies } from './studies.ts';
import { describeRun, type Plan, type PlannedRun, planStudy, requireSame } from './study_plan.ts';
import { writeReport } from './study_report.ts';
import { train } from './training.ts';

interface Options extends Settings {
  config?: string;
  adapter: string;
  seeds?: number;
  out?: string;
  checkpointEvery?: number;
  run?: number;
  report?: boolean;
  queue?: boolean;
  status?: boolean;
  quiet?: boolean;
}

const command = createCommand('yy-study', "Reproduces a table of the paper and compares the results with the paper's.")
  .addArgument(new Argument('<table>', 'fusion: Table I; sizes: Table IV').choices(Object.keys(studies)))
  .option('--config <file>', 'a recipe in YAML or JSON for all runs; flags override it')
  .option('--data <name|path>', `${dataNames.join(', ')}, or a folder (default: cifar10)`)
  .option(
    '--seeds <n>',
    'runs per row of the table, with seeds 0 to n - 1 (default: 3 for fusion, 1 for sizes)',
    integer(1),
  )
  .addOption(new Option('--model <name>', 'the net, for fusion (default: yynet-16)').choices(Object.keys(models)))
  .addOption(adapterOption())
  .option('--epochs <n>', 'passes over the training pictures (default: 40)', integer(...bounds.epochs))
  .option('--batch-size <n>', 'pictures per step (default: 512 for fusion, 64 for sizes)', integer(...bounds.batchSize))
  .option('--limit-train <n>', 'train on the first n pictures only', integer(1))
  .option('--limit-val <n>', 'validate on the first n pictures only', integer(1))
  .addOption(
    new Option('--precision <type>', 'mixed stores activations as f16 and needs shader-f16').choices(['f32', 'mixed']),
  )
  .option('--out <dir>', 'folder of the runs and the report; call it again to resume (default: studies/TABLE)')
  .option('--checkpoint-every <n>', 'write last.safetensors every n steps, besides after each epoch', integer(1))
  .addOption(
    new Option('--run <n>', 'only the n-th run, from 0: for schedulers').argParser(integer(0)).conflicts('report'),
  )
  .option('--report', 'only write the report about the runs that are done')
  .addOption(
    new Option(
      '--queue',
      'let yy-study worker train the runs on any machine; YYNET_QUEUE names the Redis or Valkey',
    ).conflicts(['run', 'report', 'adapter']),
  )
  .addOption(new Option('--status', 'only print how the runs fare in the queue').implies({ queue: true }))
  .addOption(quietOption())
  .addHelpText(
    'after',
    `
Examples:
  yy-study fusion                                       18 runs of 40 epochs; stop it any time, call it again to resume
  yy-study fusion --epochs 3 --out studies/short        the same with fewer epochs
  yy-study sizes --adapter discrete --precision mixed
  sbatch --array=0-17 --requeue --wrap 'yy-study fusion --out DIR --run $SLURM_ARRAY_TASK_ID'
  yy-study fusion --out DIR --report                    the report about all runs of the array
  yy-study fusion --queue                               with YYNET_QUEUE=redis://HOST, and yy-study worker elsewhere`,
  )
  .action(run);

command
  .enablePositionalOptions()
  .command('worker')
  .description('Trains runs of studies that others have put into the queue, until it is stopped.')
  .addOption(adapterOption())
  .option('--data <dir>', 'where the data are, for studies of a folder of data')
  .action(async (options: { adapter: string; data?: string }) => {
    const { work } = await import('./queue/commands.ts');
    return work(options);
  });

async function run(table: keyof typeof studies, options: Options): Promise<void> {
  const {
    config,
    adapter,
    seeds,
    out = join('studies', table),
    checkpointEvery,
    quiet,
    run,
    report,
    queue,
    status,
    ...flags
  } = options;
  const study: Study = { ...studies[table], seeds: seeds ?? studies[table].seeds };
  const common: Settings = { ...study.settings, ...(config && (await readSettings(config))), ...flags };
  const plan = planStudy(study, common, out);
  const chosen = run === undefined ? plan.runs : [pick(plan, run)];
  for (const planned of chosen) await requireSame(planned, flagOf);
  const print = (line: string) => (quiet ? undefined : console.log(line));
  if (queue) {
    // Imported here because only its users have its packages.
    const { follow, printStatus } = await import('./queue/commands.ts');
    return status ? printStatus(plan) : follow(plan, options);
  }
  if (report) return print(`report: ${await writeReport(plan)}`);
  for (const planned of chosen) {
    print(`\n${describeRun(planned)}`);
    if (!(await runOnce(planned, options))) return;
    if (run === undefined) print(`report so far: ${await writeReport(plan)}`);
  }
}

/** @throws UserError if the study has fewer runs */
function pick({ runs }: Plan, index: number): PlannedRun {
  const found = runs[index];
  if (!found)
    throw new UserError(`--run ${index}: the study has ${runs.length} runs, expected 0 to ${runs.length - 1}.`);
  return found;
}

/** Starts or resumes one run. Returns false if a signal stopped it. */
async function runOnce({ path, settings }: PlannedRun, options: Options): Promise<boolean> {
  const { adapter, checkpointEvery, quiet } = options;
  const device = await openDevice({ adapter, quiet: true });
  const run = (await RunFolder.holds(path))
    ? await resumeRun(device, path, { quiet })
    : await beginRun(device, settings, { out: path, quiet });
  const ended = run.trainer.finished || (await train(run, { checkpointEvery, quiet }));
  await run.folder.close();
  device.destroy();
  return ended;
}

const flagOf = (key: string) => command.options.find((option) => option.attributeName() === key)?.long;

await main(command);
