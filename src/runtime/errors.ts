/** A mistake of the person at the keyboard: one clear sentence naming the flag or file and what was expected. */
export class UserError extends Error {
  override name = 'UserError';
  readonly exitCode = 2;
}

/** A kernel that does not compile; the message names the file and line of the kernel's source. */
export class ShaderError extends Error {
  override name = 'ShaderError';
}

/** A validation error, a lost device or memory that ran out, in the GPU implementation's own words. */
export class GpuError extends Error {
  override name = 'GpuError';
}

/** More memory was asked for than the adapter gives. */
export class MemoryError extends GpuError {
  override name = 'MemoryError';

  constructor(
    message: string,
    /** How much of what was asked for fits, as a share below 1. */
    readonly share: number,
  ) {
    super(message);
  }
}
