// npm run conformance -- DIR: holds the engine against a folder of reference cases.

import { Command, Option } from 'commander';
import { gpuCapabilities } from '../../src/runtime/capabilities.ts';
import { Device } from '../../src/runtime/device.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';
import type { Precision } from '../../src/train/recipe.ts';
import { requirePrecision } from '../../src/train/step.ts';
import { readCases } from './folder.ts';
import { runners } from './ops.ts';
import { optimizerRunners } from './optimizers.ts';
import { judge, type Verdict } from './verdict.ts';

interface Options {
  readonly kernels: 'own' | 'gpu';
  readonly precision: Precision;
}

const command = new Command('conformance')
  .description('Holds the engine against a folder of reference cases from PyTorch (test/fixtures/README.md).')
  .argument('<dir>', 'the folder, with an index.json')
  .addOption(new Option('--kernels <for>', "the adapter's own, or a GPU's").choices(['own', 'gpu']).default('own'))
  .addOption(new Option('--precision <type>', 'mixed: activations are f16').choices(['f32', 'mixed']).default('f32'))
  .action(conformance);

async function conformance(folder: string, { kernels, precision }: Options): Promise<void> {
  const cases = await readCases(folder);
  const capabilities = kernels === 'gpu' ? gpuCapabilities : undefined;
  const device = await Device.open(await requestNodeAdapter(), { capabilities });
  requirePrecision(device, precision);
  console.log(`${cases.length} cases on ${device.adapter.name}`);
  const verdicts: (Verdict & { case: string })[] = [];
  for (const fixture of cases) {
    const run = runners[fixture.op];
    if (!run) throw new UserError(`${fixture.name}: the op '${fixture.op}' is not known`);
    const of = judge(
      fixture,
      await run({ device, precision }, fixture),
      fixture.op in optimizerRunners ? 'f32' : precision,
    );
    verdicts.push(...of.map((verdict) => ({ ...verdict, case: fixture.name })));
  }
  verdicts.sort((a, b) => a.error - b.error);
  for (const { case: name, name: tensor, error, allowed, passed } of verdicts) {
    const limit = passed ? '' : `  (at most ${allowed.toExponential(2)})`;
    console.log(`${passed ? 'pass' : 'FAIL'}  ${error.toExponential(2)}  ${name}  ${tensor}${limit}`);
  }
  const failedCases = new Set(verdicts.filter(({ passed }) => !passed).map((verdict) => verdict.case));
  console.log(`${cases.length - failedCases.size} passed, ${failedCases.size} failed`);
  process.exitCode = failedCases.size === 0 ? 0 : 1;
}

command.parseAsync().then(
  () => process.exit(),
  (error: Error) => {
    console.error(`conformance: ${error.message}`);
    process.exit(error instanceof UserError ? error.exitCode : 1);
  },
);
