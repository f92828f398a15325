import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cachePath } from '../runtime/cache_path.ts';
import { CIFAR10_FOLDER, readCifar10 } from './cifar10-folder.ts';
import { CIFAR100_FOLDER, readCifar100 } from './cifar100-folder.ts';
import type { Splits } from './dataset.ts';
import { download, pathIn, type RemoteFile, unpack } from './download-folder.ts';
import { readIdx } from './idx-folder.ts';
import type { OnDataProgress } from './progress.ts';

/** A data set that can be downloaded. */
export interface DownloadableSet {
  readonly files: readonly RemoteFile[];
  /** For a set of one .tar.gz file: the folder, inside the set's folder, to unpack it into. */
  readonly unpacked?: string;
  /** Reads the data set from the folder that holds the files. */
  read(folder: string): Promise<Splits>;
}

const CIFAR = 'https://www.cs.toronto.edu/~kriz';

/** The four files of a data set in MNIST's format. MD5 sums in the order train images, train labels, test images, test labels. */
const idxFiles = (site: string, ...sums: [string, string, string, string]): RemoteFile[] =>
  ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map((name, i) => ({
    url: `${site}/${name}-ubyte.gz`,
    md5: sums[i],
  }));

const FASHION = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** Downloadable data sets by name, at the sites of their authors or of PyTorch. */
export const downloadableSets: ReadonlyMap<string, DownloadableSet> = new Map<string, DownloadableSet>([
  [
    'cifar10',
    {
      files: [{ url: `${CIFAR}/cifar-10-binary.tar.gz`, md5: 'c32a1d4ab5d03f1284b67883e8d87530' }],
      unpacked: CIFAR10_FOLDER,
      read: readCifar10,
    },
  ],
  [
    'cifar100',
    {
      files: [{ url: `${CIFAR}/cifar-100-binary.tar.gz`, md5: '03b5dce01913d631647c71ecec9e9cb8' }],
      unpacked: CIFAR100_FOLDER,
      read: readCifar100,
    },
  ],
  [
    'mnist',
    {
      files: idxFiles(
        'https://ossci-datasets.s3.amazonaws.com/mnist',
        'f68b3c2dcbeaaa9fbdd348bbdeb94873',
        'd53e105ee54ea40749a09fcbcd1e9432',
        '9fb629c4189551a2d022fa330f9573f3',
        'ec29112dd5afa0611ce80d1b7f02629c',
      ),
      read: (folder) => readIdx(folder, { name: 'mnist' }),
    },
  ],
  [
    'fashion-mnist',
    {
      files: idxFiles(
        'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
        '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
        '25c81989df183df01b3e8a0aad5dffbe',
        'bef4ecab320f06d8554ea6380940ec79',
        'bb300cfdad3c16e7a12a480ee83cd310',
      ),
      read: (folder) => readIdx(folder, { name: 'fashion-mnist', classes: FASHION }),
    },
  ],
]);

/**
 * Downloads the files that are missing from the data set's folder, then reads it.
 * @param folder default: data/NAME in the cache
 * @throws {UserError} if a file cannot be downloaded or is damaged
 */
export async function readDownloadable(
  name: string,
  set: DownloadableSet,
  { folder = cachePath('data', name), onProgress }: { folder?: string; onProgress?: OnDataProgress } = {},
): Promise<Splits> {
  const { files, unpacked, read } = set;
  if (!unpacked) {
    await download(files, folder, onProgress);
  } else if (!existsSync(join(folder, unpacked))) {
    await download(files, folder, onProgress);
    const archive = pathIn(folder, files[0]);
    await unpack(archive, join(folder, unpacked));
    await rm(archive);
  }
  return read(folder);
}
