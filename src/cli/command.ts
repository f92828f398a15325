import { Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import { activationKinds } from '../autograd/ops/activation.ts';
import { fusionFormulas } from '../autograd/ops/fuse.ts';
import { GpuError, ShaderError, UserError } from '../runtime/errors.ts';
import { printable, shorten } from '../runtime/printable.ts';
import { LinkError } from '../train/group.ts';
import { DivergedError } from '../train/health.ts';
import { bounds } from '../train/schema.ts';

/** Errors that are not bugs: their message is enough, without a stack. */
const EXPECTED_ERRORS = [UserError, GpuError, ShaderError, DivergedError, LinkError];

/** An error in a line. */
export function describeError(error: Error): string {
  const message = shorten(error.message, MAX_MESSAGE);
  return EXPECTED_ERRORS.some((type) => error instanceof type) ? message : `unexpected error: ${message}`;
}

/** The exit code that an error gives. */
export const exitCodeOf = (error: Error) => (error instanceof UserError ? error.exitCode : 1);

/** The most characters of an error's message: some quote what a file holds. */
const MAX_MESSAGE = 1500;

/**
 * Runs a command and sets the exit code: 0, 2 for a user error, 1 for any other error. Prints errors as one line on stderr.
 * Does not call process.exit(), because some drivers crash if the process exits while the GPU works.
 */
export async function main(command: Command): Promise<void> {
  for (const method of ['log', 'error'] as const) {
    const write = console[method].bind(console);
    console[method] = (text: string) => write(printable(text));
  }
  // Report only the first write error. Training continues: its results are in the run's folder.
  process.stdout.on('error', () => {});
  // After SIGHUP there is no terminal.
  process.stderr.on('error', () => {});
  process.stdout.once('error', ({ code, message }: NodeJS.ErrnoException) => {
    // The reader of the pipe, such as head, has closed it: no error.
    if (code === 'EPIPE') return;
    console.error(`${command.name()}: the output cannot be written: ${message}.`);
    process.exitCode = 1;
  });
  try {
    await command.parseAsync();
  } catch (error) {
    console.error(`${command.name()}: ${describeError(error as Error)}`);
    process.exitCode = exitCodeOf(error as Error);
  }
}

/** Creates a command with the options and the error handling of all commands. */
export const createCommand = (name: string, description: string) =>
  new Command(name)
    .description(description)
    .version(version)
    .showHelpAfterError('(--help lists all options)')
    .showSuggestionAfterError()
    .hook('preAction', (_, command) => rejectEmptyOptions(command))
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });

/** Rejects empty option values: --out "$DIR" with an unset DIR must not silently use the default. */
function rejectEmptyOptions(command: Command): void {
  const empty = command.options.find((option) => command.getOptionValue(option.attributeName()) === '');
  if (empty) throw new UserError(`${empty.long} must not be empty, expected ${empty.flags}.`);
}

export const adapterOption = () =>
  new Option('--adapter <name>', "'auto', 'discrete', 'integrated', 'cpu' or part of an adapter's name").default(
    'auto',
  );

export const batchSizeOption = () =>
  new Option('--batch-size <n>', 'pictures per batch (default: the batch size of training)').argParser(
    integer(...bounds.batchSize),
  );

export const fusionOption = () =>
  new Option('--fusion <formula>', 'formula that fuses Yang (a) and Yin (i)').choices(fusionFormulas);

export const yinOption = () =>
  new Option('--yin <input>', "Yin's input: the mean of the channels or the first one").choices(['mean', 'first']);

export const activationOption = () =>
  new Option('--activation <kind>', 'activation after convolutions').choices(activationKinds);

export const verboseOption = () => new Option('--verbose', 'list all files of the data that are not used');

export const quietOption = () => new Option('--quiet', 'print only results and errors');

/** Help text of the checkpoint argument. */
export const CHECKPOINT = 'a checkpoint file, or the folder of a run to use its best checkpoint';

/** Returns a parser of integers from `min` to `max`. */
export const integer =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < min || value > max) {
      const limit = max < Number.MAX_SAFE_INTEGER ? ` and at most ${max}` : '';
      throw new InvalidArgumentError(`Expected an integer of at least ${min}${limit}, got '${text}'.`);
    }
    return value;
  };

/** Parses a number above 0 and below 1. */
export function fraction(text: string): number {
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
