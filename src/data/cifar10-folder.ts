import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { parseCifar10 } from './cifar.ts';
import type { Splits } from './dataset.ts';
import { listFolder, readInput } from './input-folder.ts';

/** Name of the folder in the official archive, cifar-10-binary.tar.gz. */
export const CIFAR10_FOLDER = 'cifar-10-batches-bin';
const TRAIN_FILE = /^data_batch_(\d+)\.bin$/;
const TEST_FILE = 'test_batch.bin';

/** Whether a folder with these file names holds CIFAR-10, possibly incomplete. */
export const looksLikeCifar10 = (names: readonly string[]) =>
  names.some((name) => name === CIFAR10_FOLDER || name === TEST_FILE || TRAIN_FILE.test(name));

/**
 * Reads CIFAR-10. One data_batch_N.bin and test_batch.bin are enough.
 * @param path the folder of the official binary files, or the folder that contains cifar-10-batches-bin/
 * @throws {UserError} naming the missing or invalid folder or file
 */
export async function readCifar10(path: string): Promise<Splits> {
  const list = (folder: string) => listFolder(folder, "the folder of CIFAR-10's binary files");
  let folder = path;
  let names = await list(folder);
  if (names.includes(CIFAR10_FOLDER)) {
    folder = join(path, CIFAR10_FOLDER);
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
    train: parseCifar10(await Promise.all(trainNames.map((name) => readInput(folder, name)))),
    validation: parseCifar10([await readInput(folder, TEST_FILE)]),
  };
}

function batchNumber(name: string): number {
  return Number(TRAIN_FILE.exec(name)![1]);
}
