import { readFile } from 'node:fs/promises';
import type { AdapterSummary } from './adapter.ts';
import { writeAtomically } from './atomic.ts';
import { cachePath } from './cache_path.ts';
import { UserError } from './errors.ts';
import { type Tuned, Tuning } from './tuning.ts';

/** The version of the file's format; files of another one are ignored. */
const FORMAT = 1;

interface Content {
  readonly format: typeof FORMAT;
  readonly adapter: string;
  readonly driver: string;
  /** By `tuningKey`. */
  readonly tuned: Readonly<Record<string, Tuned>>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTuned = (value: unknown): value is Tuned =>
  isObject(value) && typeof value.fingerprint === 'string' && isObject(value.tiles);

/** The file with an adapter's tiles. The fastest tiles depend on the driver's compiler as well. */
export function tilesFile({ name, driver }: AdapterSummary): string {
  const slug = `${name} ${driver}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return cachePath('tiles', `${slug.slice(0, 200).replace(/^-|-$/g, '')}.json`);
}

/**
 * Reads the tiles that were found for an adapter; none if it was never tuned. Invalid entries are left out.
 * @throws UserError if the file is not one for this adapter
 */
async function readTiles(adapter: AdapterSummary): Promise<Map<string, Tuned>> {
  const file = tilesFile(adapter);
  let content: Partial<Content>;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return new Map();
    throw new UserError(`${file} cannot be read (${message})`);
  }
  if (!isObject(content) || content.format !== FORMAT || !isObject(content.tuned)) {
    throw new UserError(`${file} holds no tiles of this version`);
  }
  if (content.adapter !== adapter.name || content.driver !== adapter.driver) {
    throw new UserError(`${file} is for another adapter (${content.adapter}, ${content.driver})`);
  }
  return new Map(Object.entries(content.tuned).filter(([, entry]) => isTuned(entry)));
}

/** Reads the tuning of an adapter. `say` gets one line if there is one that cannot be used. */
export async function readTuning(adapter: AdapterSummary, say: (line: string) => void): Promise<Tuning> {
  try {
    let said = false;
    return new Tuning(await readTiles(adapter), () => {
      if (!said) say(`${tilesFile(adapter)} is stale: some kernels have changed; npm run tune renews it.`);
      said = true;
    });
  } catch (error) {
    say(`${(error as Error).message} and is ignored; npm run tune writes it anew.`);
    return new Tuning();
  }
}

/**
 * Writes the tiles that were found for an adapter. Keys without tiles are removed from the file; its other keys stay.
 * @returns the file's path
 * @throws UserError if it cannot be written
 */
export async function writeTiles(
  adapter: AdapterSummary,
  found: ReadonlyMap<string, Tuned | undefined>,
): Promise<string> {
  const file = tilesFile(adapter);
  const former = await readTiles(adapter).catch(() => new Map<string, Tuned>());
  const content = {
    ...{ format: FORMAT, adapter: adapter.name, driver: adapter.driver },
    tuned: Object.fromEntries([...former, ...found]), // JSON omits undefined
  };
  await writeAtomically(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}
