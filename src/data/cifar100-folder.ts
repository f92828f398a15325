import { join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { parseCifar100 } from './cifar.ts';
import type { Splits } from './dataset.ts';
import { listFolder, readInput } from './input-folder.ts';

/** Name of the folder in the official archive, cifar-100-binary.tar.gz. */
export const CIFAR100_FOLDER = 'cifar-100-binary';
const TRAIN_FILE = 'train.bin';
const TEST_FILE = 'test.bin';
const CLASSES_FILE = 'fine_label_names.txt';
const CLASSES = 100;

/** Whether a folder with these file names holds CIFAR-100, possibly incomplete. */
export const looksLikeCifar100 = (names: readonly string[]) =>
  names.some((name) => [CIFAR100_FOLDER, TRAIN_FILE, TEST_FILE, CLASSES_FILE].includes(name));

/**
 * Reads CIFAR-100 with its 100 fine labels.
 * @param path the folder of the official binary files, or the folder that contains cifar-100-binary/
 * @throws {UserError} naming the missing or invalid folder or file
 */
export async function readCifar100(path: string): Promise<Splits> {
  const names = await listFolder(path, "the folder of CIFAR-100's binary files");
  const folder = names.includes(CIFAR100_FOLDER) ? join(path, CIFAR100_FOLDER) : path;
  const [train, test, { name, bytes }] = await Promise.all(
    [TRAIN_FILE, TEST_FILE, CLASSES_FILE].map((file) => readInput(folder, file)),
  );
  const classes = new TextDecoder().decode(bytes).split(/\r?\n/).filter(Boolean);
  if (classes.length !== CLASSES) {
    throw new UserError(`${name} has ${classes.length} lines; expected the names of CIFAR-100's ${CLASSES} classes.`);
  }
  return { train: parseCifar100([train], classes), validation: parseCifar100([test], classes) };
}
