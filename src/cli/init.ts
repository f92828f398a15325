import { resolve } from 'node:path';
import { settingsFrom as completeFrom } from '../configure.ts';
import { listNames } from '../data/list_names.ts';
import type { Net } from '../nn/architecture.ts';
import { UserError } from '../runtime/errors.ts';
import { decodeStartingNet, pickStart, type Start, type StartingNet } from '../starting_net.ts';
import { checkpointFile, decodeFile } from './checkpoint_file.ts';
import { findNet, knownNets } from './known_nets.ts';
import { type Settings, toSnakeCase } from './settings.ts';

/** The net of --init, with where it came from. */
export interface Init extends StartingNet {
  /** As config.json has it: another folder may be the current one when the run is resumed. */
  readonly source: string;
}

/**
 * Reads the net that the settings start from, if they name one, and says what was done to its tensors.
 * @throws UserError that names the file
 */
export async function readInit({ init }: Settings, quiet?: boolean): Promise<Init | undefined> {
  if (init === undefined) return undefined;
  const remote = await findNet(init, quiet);
  const file = remote ?? (await checkpointFile(init, `${EXPECTED}, or ${Object.keys(knownNets).join(' or ')}`));
  const start = await decodeFile(file, decodeStartingNet);
  if (!quiet) for (const note of start.notes) console.error(`${init}: ${note}`);
  return { ...start, source: remote ? init : resolve(init) };
}

const EXPECTED = 'a safetensors file, the folder of a run, an address';

/**
 * Completes settings by what comes with the net that they start from.
 * @throws UserError if no net of the model has that config
 */
export const settingsFrom = (init: Init, settings: Settings): Settings => ({
  ...completeFrom(init, settings, toSnakeCase),
  init: init.source,
});

/**
 * What a net takes of the one of --init, with a line for the user.
 * @throws UserError that names the file if nothing fits
 */
export function startingState(init: Init, net: Net, classNames: readonly string[]): Start & { readonly line: string } {
  try {
    const start = pickStart(init, net, classNames);
    const [taken, all] = [start.state, init.tensors].map((tensors) => Object.keys(tensors).length);
    const list = (names: readonly string[]) => (names.length > 0 ? `${names.length} (${listNames(names)})` : 'none');
    const line = `${taken} of the ${all} tensors in ${init.source} are taken; new: ${list(start.fresh)}; left: ${list(start.left)}`;
    return { ...start, line };
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`--init ${init.source}: ${error.message}`);
    throw error;
  }
}
