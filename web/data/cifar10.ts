import { parseCifar10 } from '../../src/data/cifar.ts';
import { type Splits, UserError } from '../../src/index.ts';
import type { FileEntry } from '../messages.ts';
import { split } from './split.ts';

const nameOf = (path: string) => path.split('/').at(-1)!;

export const isCifar10 = ({ path }: FileEntry) => /^(data_batch_\d+|test_batch)\.bin$/.test(nameOf(path));

/**
 * Reads CIFAR-10's binary files. test_batch.bin validates; without it, a share of the others does.
 * @throws UserError naming the file that is wrong
 */
export async function openCifar10(files: readonly FileEntry[], valSplit: number): Promise<Splits> {
  const read = async (wanted: (path: string) => boolean) => {
    const chosen = files.filter(({ path }) => wanted(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
    const named = chosen.map(async ({ path, file }) => ({
      name: path,
      bytes: new Uint8Array(await file.arrayBuffer()),
    }));
    return chosen.length > 0 ? parseCifar10(await Promise.all(named)) : undefined;
  };
  const train = await read((path) => nameOf(path) !== 'test_batch.bin');
  const validation = await read((path) => nameOf(path) === 'test_batch.bin');
  if (!train)
    throw new UserError('There is test_batch.bin alone; expected data_batch_1.bin or another of them to train on.');
  return validation ? { train, validation } : split(train, valSplit);
}
