// npm run conformance -- DIR: holds the engine against a folder of reference cases.

import { Device } from '../../src/runtime/device.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';
import { readCases } from './folder.ts';
import { runners } from './ops.ts';
import { judge, type Verdict } from './verdict.ts';

async function conformance(folder: string | undefined): Promise<boolean> {
  if (!folder) throw new UserError('expected a folder of reference cases: npm run conformance -- DIR');
  const cases = await readCases(folder);
  const device = await Device.open(await requestNodeAdapter());
  console.log(`${cases.length} cases on ${device.adapter.name}`);
  const verdicts: (Verdict & { case: string })[] = [];
  for (const fixture of cases) {
    const run = runners[fixture.op];
    if (!run) throw new UserError(`${fixture.name}: the op '${fixture.op}' is not known`);
    const of = judge(fixture, await run(device, fixture));
    verdicts.push(...of.map((verdict) => ({ ...verdict, case: fixture.name })));
  }
  verdicts.sort((a, b) => a.error - b.error);
  for (const { case: name, name: tensor, error, passed } of verdicts) {
    console.log(`${passed ? 'pass' : 'FAIL'}  ${error.toExponential(2)}  ${name}  ${tensor}`);
  }
  const failedCases = new Set(verdicts.filter(({ passed }) => !passed).map((verdict) => verdict.case));
  console.log(`${cases.length - failedCases.size} passed, ${failedCases.size} failed`);
  return failedCases.size === 0;
}

conformance(process.argv[2]).then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: Error) => {
    console.error(`conformance: ${error.message}`);
    process.exit(error instanceof UserError ? error.exitCode : 1);
  },
);
