import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { isLitter } from './litter.ts';
import { readHead } from './picture-file.ts';
import type { SourceFile } from './source_file.ts';

class DiskFile implements SourceFile {
  constructor(
    private readonly root: string,
    readonly path: string,
  ) {}

  head(bytes: number): Promise<Uint8Array> {
    return readHead(join(this.root, this.path), bytes);
  }
}

/**
 * Lists the files of a folder and its subfolders, without litter. Symbolic links are followed, except to an ancestor of
 * the folder they lie in: such a cycle would never end, and would add the pictures of other classes to this one.
 * @throws {UserError} if a folder cannot be read
 */
export async function walkFolder(root: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const walk = async (path: string, ancestors: readonly string[]) => {
    const folder = join(root, path);
    const realPaths = [...ancestors, await realpath(folder)];
    const entries = await readdir(folder, { withFileTypes: true }).catch(({ message }: Error) => {
      throw new UserError(`${folder} cannot be read: ${message}.`);
    });
    const own = entries.filter(({ name }) => !isLitter(name));
    for (const entry of own) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      const isLink = entry.isSymbolicLink();
      // A dangling link counts as a file: reading it names it.
      const target = isLink ? await stat(join(root, inner)).catch(() => entry) : entry;
      if (!target.isDirectory()) {
        files.push(new DiskFile(root, inner));
        continue;
      }
      if (entry.name.includes('\ufffd')) {
        throw new UserError(`${join(root, inner)}: the name of this folder is not UTF-8; rename it.`);
      }
      if (!isLink || !containsOneOf(await realpath(join(root, inner)), realPaths)) await walk(inner, realPaths);
    }
    if (own.length === 0) files.push(new DiskFile(root, `${path}/`));
  };
  await walk('', []);
  return files;
}

/** Whether one of the paths is `folder` or inside it. */
const containsOneOf = (folder: string, paths: readonly string[]) =>
  paths.some((path) => `${path}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`));
