import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { type NamedBytes, parseCifar10 } from './cifar10.ts';
import type { Splits } from './dataset.ts';

/** The folder's name in the official archive, cifar-10-binary.tar.gz. */
const ARCHIVE_FOLDER = 'cifar-10-batches-bin';
const TRAIN_FILE = /^data_batch_(\d+)\.bin$/;
const TEST_FILE = 'test_batch.bin';

/**
 * Reads CIFAR-10 from a folder of its official binary files, or from the folder that holds
 * cifar-10-batches-bin/. One data_batch_N.bin is enough.
 * @throws {UserError} naming the folder or file that is missing or broken
 */
export async function readCifar10(path: string): Promise<Splits> {
  let folder = path;
  let names = await list(folder);
  if (names.includes(ARCHIVE_FOLDER)) {
    folder = join(path, ARCHIVE_FOLDER);
    names = await list(folder);
  }
  const trainNames = names.filter((name) => TRAIN_FILE.test(name)).sort((a, b) => batchNumber(a) - batchNumber(b));
  if (trainNames.length === 0) {
    throw new UserError(
      `${folder} has no data_batch_*.bin; expected the files of CIFAR-10's binary version (cifar-10-binary.tar.gz).`,
    );
  }
  if (!names.includes(TEST_FILE)) {
    throw new UserError(`${join(folder, TEST_FILE)} is missing; expected CIFAR-10's test images there.`);
  }
  return {
    train: parseCifar10(await Promise.all(trainNames.map((name) => read(folder, name)))),
    validation: parseCifar10([await read(folder, TEST_FILE)]),
  };
}

function batchNumber(name: string): number {
  return Number(TRAIN_FILE.exec(name)![1]);
}

async function read(folder: string, file: string): Promise<NamedBytes> {
  const name = join(folder, file);
  try {
    return { name, bytes: await readFile(name) };
  } catch (error) {
    throw new UserError(`${name} cannot be read: ${(error as Error).message}.`);
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? 'does not exist' : code === 'ENOTDIR' ? 'is not a folder' : 'cannot be read';
    throw new UserError(`${folder} ${problem}; expected the folder of CIFAR-10's binary files.`);
  }
}
