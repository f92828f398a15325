import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import { fusionFormulas } from '../autograd/ops/fuse.ts';
import { GpuError, ShaderError, UserError } from '../runtime/errors.ts';
import { DivergedError } from '../train/health.ts';
import { bounds } from '../train/schema.ts';

/** Things other than a bug that go wrong: their message says all there is to say. */
const EXPECTED = [UserError, GpuError, ShaderError, DivergedError];

/**
 * Runs a command and sets the process's exit code: 0, 2 for a mistake of the user's, 1 for anything else. Errors are
 * one line on stderr. The process then ends by itself; to force it while the GPU works would crash some drivers.
 */
export async function main(command: Command): Promise<void> {
  // Each line that cannot be printed is an error; one is enough to say so. A training goes on: its folder has it all.
  process.stdout.on('error', () => {});
  process.stdout.once('error', ({ code, message }: NodeJS.ErrnoException) => {
    // Who reads what we print, such as head, may have read enough.
    if (code === 'EPIPE') return;
    console.error(`${command.name()}: the output cannot be written: ${message}.`);
    process.exitCode = 1;
  });
  try {
    await command.parseAsync();
  } catch (error) {
    const { message } = error as Error;
    const isExpected = EXPECTED.some((kind) => error instanceof kind);
    console.error(`${command.name()}: ${isExpected ? message : `unexpected error: ${message}`}`);
    process.exitCode = error instanceof UserError ? error.exitCode : 1;
  }
}

/** A command with what all of ours share. */
export const createCommand = (name: string, description: string) =>
  new Command(name)
    .description(description)
    .version(version)
    .showHelpAfterError('(--help shows every option)')
    .showSuggestionAfterError()
    .hook('preAction', refuseEmpty)
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });

/** A variable that a shell finds empty is no flag left out. */
function refuseEmpty(command: Command): void {
  const empty = command.options.find((option) => command.getOptionValue(option.attributeName()) === '');
  if (empty) throw new UserError(`${empty.long} must not be empty, expected ${empty.flags}.`);
}

export const adapterOption = () =>
  new Option('--adapter <name>', "'auto', 'discrete', 'integrated', 'cpu' or part of an adapter's name").default(
    'auto',
  );

export const batchSizeOption = () =>
  new Option('--batch-size <n>', 'pictures at a time (default: as many as it was trained with)').argParser(
    integer(...bounds.batchSize),
  );

export const fusionOption = () =>
  new Option('--fusion <formula>', 'how Yang (a) and Yin (i) are joined').choices(fusionFormulas);

export const yinOption = () => new Option('--yin <input>', 'what Yin sees of the channels').choices(['mean', 'first']);

export const activationOption = () =>
  new Option('--activation <kind>', 'between convolutions').choices(['gelu', 'silu']);

export const quietOption = () => new Option('--quiet', 'print nothing but results and errors');

/** What the argument of commands that read a checkpoint may be. */
export const CHECKPOINT = 'a checkpoint, or the folder of a run for its best one';

/** Parses a whole number of at least `least`, and of at most `most` where that is given. */
export const integer =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > most) {
      const limit = most < Number.MAX_SAFE_INTEGER ? ` and at most ${most}` : '';
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}${limit}, got '${text}'.`);
    }
    return value;
  };

/** Parses a number above 0 and below 1. */
export function share(text: string): number {
  const value = positive(text);
  if (value >= 1) throw new InvalidArgumentError(`Expected a number below 1, got '${text}'.`);
  return value;
}

/** Parses a finite number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError(`Expected a number above 0, got '${text}'.`);
  }
  return value;
}
