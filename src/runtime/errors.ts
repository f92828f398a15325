import { printableName, shorten } from './printable.ts';

/** A user's mistake: one clear sentence that names the flag or file and what was expected. */
export class UserError extends Error {
  override name = 'UserError';
  readonly exitCode = 2;
}

/** A kernel does not compile; the message names the file and line of its source. */
export class ShaderError extends Error {
  override name = 'ShaderError';
}

/** A validation error, a lost device or exhausted memory, in the GPU implementation's words. */
export class GpuError extends Error {
  override name = 'GpuError';
}

/** More memory was requested than the adapter has. */
export class MemoryError extends GpuError {
  override name = 'MemoryError';

  constructor(
    message: string,
    /** The fraction of the requested memory that fits, below 1. */
    readonly share: number,
  ) {
    super(message);
  }
}

/** Longest part of a file or an input that a message repeats. */
const EXCERPT = 80;

/** A value as a message shows it: on one line, control characters escaped, and cut where it is long. */
export function excerpt(value: unknown): string {
  const text = String(value);
  return printableName(text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text);
}

/** The error for a package with native code that is missing or does not fit the machine; loaders explain in many lines. */
export function doesNotLoad(what: string, name: string, { message }: Error): UserError {
  const reason = shorten(message.split('\n')[0], 200).replace(/[.:]$/, '');
  return new UserError(
    `${what} does not load on this machine; install ${name} again with npm install ${name}: ${reason}.`,
  );
}
