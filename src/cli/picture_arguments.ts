import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { glob } from 'tinyglobby';
import { KINDS, kindOf } from '../data/picture_kind.ts';
import { decodeText, encodingOf, linesOf } from '../data/text.ts';
import { UserError } from '../runtime/errors.ts';

/**
 * Returns the files that the arguments of a command name: a folder stands for its files, a wildcard that the shell has left
 * for the files that match, and '-' for the paths on stdin.
 * @throws UserError for a folder, wildcard or list without files
 */
export async function listPictures(
  args: readonly string[],
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<string[]> {
  const files: string[] = [];
  for (const arg of args) {
    const named = arg === '-' ? listed(await buffer(stdin)) : [arg];
    for (const path of named) files.push(...(await expand(path)));
  }
  return files;
}

/** Reads a list of paths: one per line, or between zeros, as find -print0 writes them. */
function listed(bytes: Uint8Array): string[] {
  const kind = KINDS[kindOf(bytes)];
  if ('picture' in kind) {
    throw new UserError(`Stdin is a ${kind.one}, but - reads a list of paths; name the picture's file instead.`);
  }
  const isUtf8 = encodingOf(bytes) === 'utf-8';
  // Not decodeText(): a path that is not UTF-8 is named when it cannot be opened.
  const text = isUtf8 ? new TextDecoder().decode(bytes) : decodeText(bytes, 'The list on stdin');
  const paths = text.includes('\0') ? text.split('\0').filter(Boolean) : linesOf(text).flatMap(unquoted);
  if (paths.length === 0) throw new UserError('Stdin lists no pictures; expected one path per line.');
  return paths;
}

/** Removes the quotes around a path, and drops a comment; a file may also be called like that. */
function unquoted(line: string): string[] {
  if (existsSync(line)) return [line];
  if (line.startsWith('#')) return [];
  return [line.match(/^(["'])(.*)\1$/)?.[2] ?? line];
}

async function expand(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return filesIn(path);
  if (found || !/[*?[{]/.test(path)) return [path];
  const pattern = process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
  const files = await glob(pattern, {
    absolute: isAbsolute(path),
    expandDirectories: false,
    caseSensitiveMatch: process.platform !== 'win32',
  });
  if (files.length === 0) throw new UserError(`'${path}' matches no file.`);
  return files.sort();
}

/** All files of a folder and its subfolders, in order, without hidden ones. */
async function filesIn(folder: string): Promise<string[]> {
  const files = await glob('**/*', { cwd: folder, expandDirectories: false });
  if (files.length === 0) throw new UserError(`${folder} has no files.`);
  return files.sort().map((file) => join(folder, file));
}
