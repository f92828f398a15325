import { folderOf, nameOf, type SourceFile } from './source_file.ts';

/** Files and folders that systems leave everywhere, in lower case: of macOS, Windows, NAS devices, and file systems. */
const LITTER = new Set([
  '__macosx',
  'icon\r',
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  'picasa.ini',
  '$recycle.bin',
  'recycler',
  'system volume information',
  '@eadir',
  '#recycle',
  '#snapshot',
  '@recycle',
  '@__thumb',
  'lost+found',
]);

/** Whether a file or folder of this name is hidden or a system's own. */
export const isLitter = (name: string) => name.startsWith('.') || LITTER.has(name.toLowerCase());

/** Files that stand beside config.json in the folder of a run. */
const RUN_FILE = /^(metrics\.jsonl|(last|best)\.safetensors|curve\.svg|trace\.json)$/;

/** Returns the files without litter and without the folders of training runs, whose pictures are no data. */
export function withoutLitter<T extends Pick<SourceFile, 'path'>>(files: readonly T[]): T[] {
  const clean = files.filter(({ path }) => !path.split('/').some(isLitter));
  const runs = runFolders(clean.map(({ path }) => path));
  if (runs.size === 0) return clean;
  const isInRun = (path: string): boolean => path !== '' && (runs.has(path) || isInRun(folderOf(path)));
  return clean.filter(({ path }) => !isInRun(folderOf(path)));
}

/** The folders of training runs: those with a config.json, in a folder called runs or with another file of a run. */
function runFolders(paths: readonly string[]): Set<string> {
  const configured = new Set(paths.filter((path) => nameOf(path) === 'config.json').map(folderOf));
  configured.delete('');
  const started = new Set([...configured].filter((folder) => nameOf(folderOf(folder)) === 'runs'));
  for (const path of configured.size > 0 ? paths : []) {
    const folder = folderOf(path);
    if (RUN_FILE.test(nameOf(path)) && configured.has(folder)) started.add(folder);
  }
  return started;
}
