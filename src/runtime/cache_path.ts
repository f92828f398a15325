import { accessSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The root that was found for each wanted one; a temporary folder stays the same while the process lives. */
const roots = new Map<string, string>();

/**
 * A path in the folder for files that can be made or downloaded again: ~/.cache/yynet, or yynet in XDG_CACHE_HOME. If
 * that cannot be written, a line on stderr says so, and it is a temporary folder that goes when the process ends.
 */
export function cachePath(...parts: string[]): string {
  const wanted = wantedRoot();
  const key = wanted ?? '';
  let root = roots.get(key);
  if (root === undefined) {
    const problem = wanted === undefined ? 'there is no home folder' : whyNotWritable(wanted);
    root = problem === undefined ? wanted! : temporaryRoot(wanted, problem);
    roots.set(key, root);
  }
  return join(root, ...parts);
}

function wantedRoot(): string | undefined {
  const { XDG_CACHE_HOME } = process.env;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'yynet');
  try {
    return join(homedir(), '.cache', 'yynet');
  } catch {
    // Neither HOME nor an entry of this user in the system's list.
    return undefined;
  }
}

/** Returns why a folder can neither be written nor made, by the nearest of its parents that exists. */
function whyNotWritable(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return `${folder} is no folder`;
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' || dirname(folder) === folder) return code === 'ENOTDIR' ? `${folder} is in no folder` : code;
    return whyNotWritable(dirname(folder));
  }
}

function temporaryRoot(wanted: string | undefined, problem: string): string {
  // Of this process alone: what others put into a folder of a known name would be taken for ours.
  const folder = mkdtempSync(join(tmpdir(), 'yynet-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  console.error(
    `The cache ${wanted ? `${wanted} cannot be written` : 'has no place'} (${problem}); what would be kept there is lost when this process ends. Set XDG_CACHE_HOME to a folder that can be written.`,
  );
  return folder;
}
