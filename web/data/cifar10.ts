import { parseCifar10 } from '../../src/data/cifar.ts';
import { nameOf } from '../../src/data/source_file.ts';
import { type Splits, UserError } from '../../src/index.ts';
import type { PageFile } from './source.ts';
import { split } from './split.ts';

export const isCifar10 = ({ path }: PageFile) => /^(data_batch_\d+|test_batch)\.bin$/.test(nameOf(path));

/**
 * Reads CIFAR-10's binary files. test_batch.bin validates; without it, a fraction of the training pictures does.
 * @throws {UserError} naming the invalid file
 */
export async function openCifar10(files: readonly PageFile[], valSplit: number): Promise<Splits> {
  const read = async (isWanted: (path: string) => boolean) => {
    const selected = files.filter(({ path }) => isWanted(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
    const named = selected.map(async ({ path, blob }) => ({
      name: path,
      bytes: new Uint8Array(await (await blob()).arrayBuffer()),
    }));
    return selected.length > 0 ? parseCifar10(await Promise.all(named)) : undefined;
  };
  const train = await read((path) => nameOf(path) !== 'test_batch.bin');
  const validation = await read((path) => nameOf(path) === 'test_batch.bin');
  if (!train) throw new UserError('There is only test_batch.bin; expected data_batch_1.bin or another training file.');
  return validation ? { train, validation } : split(train, valSplit);
}
