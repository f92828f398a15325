import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { constants as os } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { cachePath } from './cache_path.ts';

/** The optional package that carries SwiftShader and a Vulkan loader for Linux x64. */
const PACKAGE = '@sparticuz/chromium';

/** A flag of glibc that Node does not define: the library stays loaded after dlclose. */
const RTLD_NODELETE = 0x1000;

/**
 * Unpacks SwiftShader, a Vulkan driver that runs on the CPU, once per user, and loads its Vulkan loader, for systems that
 * have none. It needs no root access and no system library except the C library.
 * @returns the driver's description file, for VK_ICD_FILENAMES; undefined on other platforms and without @sparticuz/chromium
 * @throws Error if neither the cache folder nor the temporary folder can be written
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

/** The folder of the package that a file belongs to; the depth of its main file differs between versions. */
function packageRoot(file: string): string {
  const folder = dirname(file);
  if (folder === file) throw new Error(`${PACKAGE} holds no SwiftShader`);
  return existsSync(join(folder, 'bin', 'swiftshader.tar.br')) ? folder : packageRoot(folder);
}

/**
 * Unpacks files of @sparticuz/chromium's `bin` into one folder of the cache, once per user and version. A rename completes the
 * folder, so that other processes never see a part of it.
 * @returns the folder; undefined on platforms other than Linux x64 and without the package
 * @throws Error if neither the cache folder nor the temporary folder can be written
 */
export async function unpack(name: string, files: readonly string[]): Promise<string | undefined> {
  const root = process.platform === 'linux' && process.arch === 'x64' ? findPackage() : undefined;
  if (!root) return undefined;
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const folder = cachePath(`${name}-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
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

/** Unpacks an archive, or a single program. */
async function extract(root: string, file: string, folder: string): Promise<void> {
  // A dependency of the package.
  const tar = createRequire(join(root, 'package.json'))('tar-fs');
  const target = file.endsWith('.tar.br')
    ? tar.extract(folder)
    : createWriteStream(join(folder, file.replace('.br', '')), { mode: 0o755 });
  await pipeline(createReadStream(join(root, 'bin', file)), createBrotliDecompress(), target);
}

/**
 * Loads a library for the life of the process: Dawn's later dlopen of the same soname finds it, in whatever folder it is.
 * @returns whether it could be loaded
 */
export function preload(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library, os.dlopen.RTLD_NOW | RTLD_NODELETE);
    return true;
  } catch (error) {
    // Node's error for a library that was loaded but is not a Node module.
    return (error as Error).message.includes('self-register');
  }
}
