import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { download, pathIn, type RemoteFile } from '../data/download-folder.ts';
import { cachePath } from '../runtime/cache_path.ts';
import { UserError } from '../runtime/errors.ts';
import { DataLine } from './progress.ts';

/** The folder of the nets that come with the package: beside dist/, or src/. */
const PACKAGED = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'nets');

/** A net of the package, or one to download. */
type KnownNet = { readonly file: string } | RemoteFile;

/** The nets that --init knows by name; yy-predict knows those of the package. */
export const knownNets: Readonly<Record<string, KnownNet>> = {
  'cifar10-yynet-16': { file: join(PACKAGED, 'cifar10-yynet-16.safetensors') },
  'mobilenetv3_small_100.lamb_in1k': {
    url: 'https://huggingface.co/timm/mobilenetv3_small_100.lamb_in1k/resolve/1824797e7887cbec1990e4adbd6675960a36c589/model.safetensors',
    sha256: '46d2c063b18125884c48937afa4c49e18128869e52e8db96df48bf0a4d7ff697',
  },
};

const lookUp = (name: string, nets: typeof knownNets): KnownNet | undefined =>
  Object.hasOwn(nets, name) ? nets[name] : undefined;

/** Returns the checkpoint that comes with the package under that name, if there is one. */
export function packagedNet(name: string): string | undefined {
  const known = lookUp(name, knownNets);
  return known && 'file' in known ? known.file : undefined;
}

/**
 * Returns the file of a net that is known by name or has an address, which is downloaded into the cache, with a progress bar
 * on stderr; undefined for anything else.
 * @param nets those that are known by name
 * @throws UserError if it cannot be downloaded or is damaged
 */
export async function findNet(init: string, quiet?: boolean, nets = knownNets): Promise<string | undefined> {
  const known = lookUp(init, nets);
  if (known) return 'file' in known ? known.file : fetchNet(known, init, quiet);
  if (!/^https?:\/\//i.test(init)) return undefined;
  if (!URL.canParse(init) || !basename(new URL(init).pathname)) {
    throw new UserError(`${init} is no address of a file; expected one such as https://example.org/net.safetensors.`);
  }
  return fetchNet({ url: init }, createHash('sha256').update(init).digest('hex').slice(0, 16), quiet);
}

async function fetchNet(file: RemoteFile, name: string, quiet?: boolean): Promise<string> {
  const folder = cachePath('nets', name);
  const progress = new DataLine();
  try {
    await download([file], folder, quiet ? undefined : (step) => progress.update(step));
  } finally {
    progress.stop();
  }
  return pathIn(folder, file);
}
