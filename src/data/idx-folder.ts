import { basename, join, resolve } from 'node:path';
import { createGunzip } from 'node:zlib';
import { UserError } from '../runtime/errors.ts';
import type { Splits } from './dataset.ts';
import { emnistClasses } from './emnist.ts';
import { IDX_HEADER, type IdxArray, idxBytes, idxDataset, parseIdx, parseIdxLabels, transposed } from './idx.ts';
import { listFolder, readInput } from './input-folder.ts';
import type { NamedBytes } from './named_bytes.ts';

/**
 * The original names (train-images-idx3-ubyte.gz), those of some mirrors (train-images.idx3-ubyte), and those of EMNIST
 * and QMNIST (emnist-letters-test-images-idx3-ubyte.gz, qmnist-train-labels-idx2-int.gz). The first group names the set.
 */
const FILE = /^([\w-]+-)?(train|t10k|test)-(images|labels)[-.]idx[123]-(?:ubyte|int)(\.gz)?$/;

/** The folders in which torchvision keeps the files, each in a folder 'raw'. */
const TORCHVISION = /^(Fashion|[EKQ])?MNIST$/;

const EXPECTED = "the folder of MNIST's IDX files";

const holdsIdx = (names: readonly string[]) => names.some((name) => FILE.test(name));

/**
 * Finds the folder of IDX files: `folder` itself, raw in it, or MNIST/raw, as torchvision keeps them.
 * @param names what is in the folder
 * @returns undefined if there are none
 * @throws {UserError} if there are several
 */
export async function findIdx(folder: string, names: readonly string[]): Promise<string | undefined> {
  if (holdsIdx(names)) return folder;
  const inside = ['raw', ...names.filter((name) => TORCHVISION.test(name)).map((name) => join(name, 'raw'))];
  const found: string[] = [];
  for (const name of inside) {
    if (holdsIdx(await listFolder(join(folder, name), EXPECTED).catch(() => []))) found.push(join(folder, name));
  }
  if (found.length < 2) return found[0];
  throw new UserError(`${folder} holds several data sets; expected one of ${found.join(', ')}.`);
}

/**
 * Reads a data set in MNIST's format from a folder of its four IDX files, gzipped or not; t10k or test validates. EMNIST's
 * pictures, which are stored transposed, are turned upright. Labels that begin at 1 leave no empty class.
 * @param about name (default: the folder's) and class names (default: EMNIST's own, or the labels as numbers)
 * @throws {UserError} naming the missing or invalid folder or file
 */
export async function readIdx(
  folder: string,
  about: { name?: string; classes?: readonly string[] } = {},
): Promise<Splits & { readonly notice?: string }> {
  const names = await listFolder(folder, EXPECTED);
  const prefix = prefixOf(folder, names);
  const find = (splits: readonly string[], kind: 'images' | 'labels') => {
    const file = names.find((name) => {
      const [, own = '', split, ownKind] = FILE.exec(name) ?? [];
      return own === prefix && splits.includes(split) && ownKind === kind;
    });
    const missing = join(folder, `${prefix}${splits[0]}-${kind}-idx*-ubyte`);
    if (!file) throw new UserError(`${missing} is missing (with or without .gz).`);
    return file;
  };
  const read = async (file: string) => unzipped(await readInput(folder, file));
  const [train, test] = [['train'], prefix ? ['test', 't10k'] : ['t10k', 'test']];
  const labels = parseIdxLabels(await read(find(train, 'labels')));
  const testLabels = parseIdxLabels(await read(find(test, 'labels')));
  const emnist = prefix.startsWith('emnist-');
  const pictures = async (splits: readonly string[]) => {
    const stored = parseIdx(await read(find(splits, 'images')), 3);
    return emnist ? transposed(stored) : stored;
  };
  const first = about.classes ? 0 : firstLabel(labels, testLabels);
  const count = lastLabel(labels, testLabels) + 1 - first;
  const own = emnist ? emnistClasses(prefix.slice('emnist-'.length, -1), count) : undefined;
  const numbers = () => Array.from({ length: count }, (_, label) => String(first + label));
  const { name = nameOf(folder, prefix), classes = own ?? numbers() } = about;
  return {
    train: idxDataset(await pictures(train), labels, name, classes, first),
    validation: idxDataset(await pictures(test), testLabels, name, classes, first),
    notice: emnist ? "EMNIST's files hold the pictures transposed: they are turned upright." : undefined,
  };
}

/** The part before 'train-' in the names of the files. */
function prefixOf(folder: string, names: readonly string[]): string {
  const prefixes = [...new Set(names.flatMap((name) => (FILE.test(name) ? [FILE.exec(name)![1] ?? ''] : [])))];
  if (prefixes.length < 2) return prefixes[0] ?? '';
  const sets = prefixes.map((prefix) => `${prefix}train-…`).join(', ');
  throw new UserError(`${folder} holds the files of several data sets (${sets}); expected a folder with one of them.`);
}

/** The data set's name: that of its files, of torchvision's folder around raw, or of the folder. */
function nameOf(folder: string, prefix: string): string {
  if (prefix) return prefix.slice(0, -1);
  const path = resolve(folder);
  return basename(path) === 'raw' ? basename(join(path, '..')) : basename(path);
}

/** Unzips a .gz file up to the size that the IDX header in it promises. */
async function unzipped({ name, bytes }: NamedBytes): Promise<NamedBytes> {
  if (!name.endsWith('.gz')) return { name, bytes };
  const chunks: Buffer[] = [];
  let size = 0;
  let promised: number | undefined;
  const gunzip = createGunzip();
  try {
    gunzip.end(bytes);
    for await (const chunk of gunzip) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (promised === undefined && size >= IDX_HEADER) promised = idxBytes(Buffer.concat(chunks)) ?? 0;
      if (promised !== undefined && size > promised) break;
    }
  } catch (error) {
    throw new UserError(`${name} cannot be unzipped: ${(error as Error).message}; expected a gzip file.`);
  } finally {
    gunzip.destroy();
  }
  if (promised && size > promised) {
    throw new UserError(`${name} holds more than its header promises; expected ${promised} bytes of an IDX file.`);
  }
  return { name, bytes: Buffer.concat(chunks) };
}

/** 1 if the labels begin there, otherwise 0. */
const firstLabel = (...labels: readonly IdxArray[]): number =>
  labels.every(({ data }) => !data.includes(0) && data.length > 0) && labels.some(({ data }) => data.includes(1))
    ? 1
    : 0;

const lastLabel = (...labels: readonly IdxArray[]): number =>
  labels.reduce((most, { data }) => data.reduce((a, b) => Math.max(a, b), most), 0);
