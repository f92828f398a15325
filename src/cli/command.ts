import { Command, InvalidArgumentError } from 'commander';
import { GpuError, ShaderError, UserError } from '../runtime/errors.ts';

/** Something other than a bug went wrong: its message says all there is to say. */
const isExpected = (error: unknown) =>
  error instanceof UserError || error instanceof GpuError || error instanceof ShaderError;

/**
 * Runs a command and sets the process's exit code: 0, 2 for a mistake of the user's, 1 for anything else. Errors are
 * one line on stderr. The process then ends by itself; to force it while the GPU works would crash some drivers.
 */
export async function main(command: Command): Promise<void> {
  try {
    await command.parseAsync();
  } catch (error) {
    const { message } = error as Error;
    console.error(`${command.name()}: ${isExpected(error) ? message : `unexpected error: ${message}`}`);
    process.exitCode = error instanceof UserError ? error.exitCode : 1;
  }
}

/** A command with what all of ours share. */
export const createCommand = (name: string, description: string) =>
  new Command(name)
    .description(description)
    .showHelpAfterError('(--help shows every option)')
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });

/** Parses a whole number of at least `least`. */
export const integer = (least: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}, got '${text}'.`);
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
