import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { type Checkpoint, decodeCheckpoint } from '../train/checkpoint.ts';

/**
 * Reads a checkpoint: a file, or of a run's folder the best one, or where there is none yet the last.
 * @throws UserError in one sentence that names the file
 */
export const readCheckpoint = async (path: string): Promise<Checkpoint> =>
  decodeFile(await checkpointFile(path), decodeCheckpoint);

/** How a file of torch.save's begins, in any version: a zip, or a pickle. */
const TORCH = [Buffer.from('PK\x03\x04'), Buffer.from([0x80, 2, 0x8a, 10])];

/**
 * Reads a safetensors file as `decode` does its bytes.
 * @throws UserError in one sentence that names the file
 */
export async function decodeFile<T>(file: string, decode: (bytes: Uint8Array) => T): Promise<T> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}.`);
  }
  if (TORCH.some((start) => bytes.subarray(0, start.length).equals(start))) {
    throw new UserError(`${file} is not safetensors but PyTorch's own format; save it by safetensors.torch.save_file.`);
  }
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`);
    throw error;
  }
}

/** @throws UserError where something is there already, such as the checkpoint that a training goes on from */
export async function requireNew(file: string): Promise<void> {
  if (await stat(file).catch(() => undefined)) {
    throw new UserError(`${file} is there already; give --out another name.`);
  }
}

const isFile = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/**
 * The file that a path of the user's means: itself, or of a run's folder the best checkpoint, or else the last.
 * @throws UserError where there is none
 */
export async function checkpointFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UserError(`${path} does not exist; expected a checkpoint or the folder of a run.`);
  if (!found.isDirectory()) return path;
  for (const name of ['best.safetensors', 'last.safetensors']) {
    if (await isFile(join(path, name))) return join(path, name);
  }
  throw new UserError(`${path} holds no best.safetensors or last.safetensors; expected the folder of a run.`);
}
