import { homedir } from 'node:os';
import { join } from 'node:path';

/** A path in the folder of what can be made or fetched again: ~/.cache/yynet, or yynet in XDG_CACHE_HOME. */
export const cachePath = (...parts: string[]) =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'yynet', ...parts);
