import { createReadStream, createWriteStream, existsSync, rmSync } from 'node:fs';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { constants as os, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { cachePath } from './cache_path.ts';

/** The optional package that carries SwiftShader and a Vulkan loader for Linux x64. */
const PACKAGE = '@sparticuz/chromium';

/** glibc's flag, which Node does not name: stay loaded after a dlclose. */
const RTLD_NODELETE = 0x1000;

/**
 * Unpacks SwiftShader, a Vulkan driver on the CPU, once per user, and makes its Vulkan loader stand in where the system
 * has none. Needs neither root nor anything of the system but the C library.
 * @returns the driver's description, for VK_ICD_FILENAMES; undefined on other platforms and without @sparticuz/chromium.
 * @throws Error when neither the cache folder nor the temporary one can hold it.
 */
export async function prepareSwiftShader(): Promise<string | undefined> {
  const folder = await unpack('swiftshader', ['swiftshader.tar.br']);
  if (!folder) return undefined;
  preload(join(folder, 'libvulkan.so.1'));
  return join(folder, 'vk_swiftshader_icd.json');
}

function findPackage(): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return packageRoot(createRequire(from).resolve(PACKAGE));
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

/** The folder of the package that a file belongs to; how deep its main file lies differs between versions. */
function packageRoot(file: string): string {
  const folder = dirname(file);
  if (folder === file) throw new Error(`${PACKAGE} holds no SwiftShader`);
  return existsSync(join(folder, 'bin', 'swiftshader.tar.br')) ? folder : packageRoot(folder);
}

/**
 * Unpacks files of @sparticuz/chromium's `bin` side by side, once per user and version, into a folder of the cache. It does
 * so in a folder of its own and renames that, so that processes side by side never see half of it.
 * @returns the folder; undefined on platforms other than Linux x64 and without the package.
 * @throws Error when neither the cache folder nor the temporary one can hold it.
 */
export async function unpack(name: string, files: readonly string[]): Promise<string | undefined> {
  const root = process.platform === 'linux' && process.arch === 'x64' ? findPackage() : undefined;
  if (!root) return undefined;
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const folder = join(await cacheFolder(), `${name}-${version}`);
  if (existsSync(folder)) return folder;
  const temporary = await mkdtemp(`${folder}.`);
  try {
    for (const file of files) await extract(root, file, temporary);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Per user, so that nobody else can put a library there; where home is not writable, for this process alone. */
async function cacheFolder(): Promise<string> {
  try {
    const folder = cachePath();
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return folder;
  } catch {
    const folder = await mkdtemp(join(tmpdir(), 'yynet-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }
}

/** A file there is an archive, or a single program. */
async function extract(root: string, file: string, folder: string): Promise<void> {
  // Comes with the package, which is packed for it.
  const tar = createRequire(join(root, 'package.json'))('tar-fs');
  const target = file.endsWith('.tar.br')
    ? tar.extract(folder)
    : createWriteStream(join(folder, file.replace('.br', '')), { mode: 0o755 });
  await pipeline(createReadStream(join(root, 'bin', file)), createBrotliDecompress(), target);
}

/**
 * Loads a library for good: Dawn's later dlopen of the same soname then finds it, wherever it lies.
 * @returns whether it could be loaded
 */
export function preload(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library, os.dlopen.RTLD_NOW | RTLD_NODELETE);
    return true;
  } catch (error) {
    // What Node says of any library that loads but is no module of its own.
    return (error as Error).message.includes('self-register');
  }
}
