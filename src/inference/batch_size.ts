import { MemoryError, UserError } from '../runtime/errors.ts';

/**
 * Runs a function that allocates memory for a batch.
 * @throws UserError if the batch does not fit, with a size that should
 */
export async function fitting<T>(batchSize: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof MemoryError ? batchTooLarge(batchSize, error) : error;
  }
}

/** The power of two below `batchSize` that should fit where that did not; less than 1 where no batch fits. */
export const fittingSize = (batchSize: number, { share }: MemoryError) =>
  2 ** Math.floor(Math.log2(Math.min(batchSize * share, batchSize - 1)));

/** The error for a batch that does not fit, with a size that should. */
export function batchTooLarge(batchSize: number, error: MemoryError): UserError {
  const { message } = error;
  const size = fittingSize(batchSize, error);
  const advice = size < 1 ? 'no batch size would' : `a batch size of ${size} should`;
  return new UserError(`A batch size of ${batchSize} does not fit into the GPU's memory, ${advice}: ${message}.`);
}
