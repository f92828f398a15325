import { MemoryError, UserError } from '../runtime/errors.ts';

/**
 * Runs what takes memory for a batch.
 * @throws UserError where it does not fit, with a size that should
 */
export async function fitting<T>(batchSize: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof MemoryError ? tooLarge(batchSize, error) : error;
  }
}

function tooLarge(batchSize: number, { message, share }: MemoryError): UserError {
  const fits = 2 ** Math.floor(Math.log2(batchSize * share));
  const advice = fits < 1 ? 'no batch size would' : `a batch size of ${fits} should`;
  return new UserError(`A batch size of ${batchSize} does not fit into the GPU's memory, ${advice}: ${message}.`);
}
