// node scripts/mutants.mjs [PART-OF-NAME …]: applies each patch of test/mutants to a copy of the repository and runs the tests
// that it names. Exits with 1 where tests do not notice, or where a patch no longer applies.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'test/mutants');
const [, , ...wanted] = process.argv;

/** The mutations: what a patch says in its first line, and the tests that must fail. */
async function readMutants() {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.patch')).sort();
  const chosen = names.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  return Promise.all(
    chosen.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      const [, tests, named] = /^Tests: (.+?)(?:, named (.+))?$/m.exec(text) ?? [];
      if (!tests) throw new Error(`test/mutants/${name} has no line 'Tests: FILE …'`);
      const files = tests.split(' ');
      return { name: name.slice(0, -'.patch'.length), change: text.split('\n', 1)[0], files, named };
    }),
  );
}

/** Copies the files that git knows, and those that are new, to a folder of their own. */
async function copyRepository() {
  const copy = await mkdtemp(join(tmpdir(), 'yynet-mutants-'));
  const { stdout } = await run('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 2 ** 24,
  });
  for (const file of new Set(stdout.split('\0').filter(Boolean))) {
    if (!file.startsWith('docs/')) await cp(join(root, file), join(copy, file)).catch(ignoreDeleted);
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function ignoreDeleted(error) {
  if (error.code !== 'ENOENT') throw error;
}

/** Names of the tests that fail. Throws if they could not run. */
async function failingTests(copy, files, named) {
  const report = join(copy, 'report.json');
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...files, '--reporter=json', `--outputFile=${report}`];
  if (named) args.push('--testNamePattern', named);
  const output = await run(process.execPath, args, { cwd: copy, maxBuffer: 2 ** 26 }).catch((error) => error);
  const { testResults, numTotalTests, numPendingTests } = JSON.parse(
    await readFile(report, 'utf8').catch(() => {
      throw new Error(`vitest did not run: ${output.stderr}`);
    }),
  );
  await rm(report);
  const unrun = testResults.find(
    ({ assertionResults, status }) => status === 'failed' && assertionResults.length === 0,
  );
  if (unrun || numTotalTests === numPendingTests)
    throw new Error(`${unrun?.name ?? files.join(' ')} did not run: ${unrun?.message}`);
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  );
}

const apply = (copy, name, ...options) =>
  run('git', ['apply', ...options, join('test/mutants', `${name}.patch`)], {
    cwd: copy,
    env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(copy) },
  });

/** What becomes of one mutation. */
async function judge(copy, { name, files, named }) {
  try {
    await apply(copy, name);
  } catch {
    return { passed: false, verdict: 'no longer applies' };
  }
  try {
    const failing = await failingTests(copy, files, named);
    return failing.length > 0 ? { passed: true, verdict: 'killed' } : { passed: false, verdict: 'SURVIVED' };
  } catch (error) {
    return { passed: false, verdict: error.message };
  } finally {
    await apply(copy, name, '--reverse');
  }
}

const mutants = await readMutants();
const copy = await copyRepository();
try {
  const files = [...new Set(mutants.flatMap(({ files }) => files))].sort();
  console.log(`${mutants.length} mutations; first the tests without them: ${files.join(' ')}`);
  const failing = await failingTests(copy, files);
  if (failing.length > 0) throw new Error(`tests fail without a mutation: ${failing.join('; ')}`);
  let killed = 0;
  for (const mutant of mutants) {
    const { passed, verdict } = await judge(copy, mutant);
    killed += Number(passed);
    console.log(`${verdict.padEnd(8)}  ${mutant.name}: ${mutant.change}`);
  }
  console.log(`${killed} of ${mutants.length} killed`);
  process.exitCode = killed === mutants.length ? 0 : 1;
} catch (error) {
  console.error(`mutants: ${error.message}`);
  process.exitCode = 1;
} finally {
  await rm(copy, { recursive: true });
}
