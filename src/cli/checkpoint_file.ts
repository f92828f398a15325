import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { architectures } from '../nets.ts';
import { UserError } from '../runtime/errors.ts';
import { type Checkpoint, decodeCheckpoint } from '../train/checkpoint.ts';

/**
 * Reads a checkpoint from a file or from the folder of a run: see checkpointFile().
 * @throws UserError that names the file
 */
export const readCheckpoint = async (path: string): Promise<Checkpoint> =>
  decodeFile(await checkpointFile(path), (bytes) => decodeCheckpoint(bytes, architectures));

/** The first bytes of a torch.save() file: a zip, or a pickle in old versions. */
const TORCH_SIGNATURES = [Buffer.from('PK\x03\x04'), Buffer.from([0x80, 2, 0x8a, 10])];

/**
 * Reads a safetensors file and decodes its bytes.
 * @throws UserError that names the file
 */
export async function decodeFile<T>(file: string, decode: (bytes: Uint8Array) => T): Promise<T> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}.`);
  }
  if (TORCH_SIGNATURES.some((signature) => bytes.subarray(0, signature.length).equals(signature))) {
    throw new UserError(
      `${file} is in PyTorch's own format, not safetensors; save it with safetensors.torch.save_file.`,
    );
  }
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`);
    throw error;
  }
}

/** @throws UserError if the file exists: overwriting it could destroy the checkpoint that a run resumes from */
export async function requireNew(file: string): Promise<void> {
  if (await stat(file).catch(() => undefined)) {
    throw new UserError(`${file} already exists; use another name with --out.`);
  }
}

const isFile = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/**
 * Resolves a path to a checkpoint file: a file to itself, the folder of a run to its best checkpoint, or to the last one
 * if there is no best one yet.
 * @throws UserError if there is none
 */
export async function checkpointFile(path: string, expected = 'a checkpoint or the folder of a run'): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UserError(`${path} does not exist; expected ${expected}.`);
  if (!found.isDirectory()) return path;
  for (const name of ['best.safetensors', 'last.safetensors']) {
    if (await isFile(join(path, name))) return join(path, name);
  }
  throw new UserError(`${path} contains no best.safetensors or last.safetensors; expected the folder of a run.`);
}
