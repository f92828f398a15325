import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { listNames } from '../data/list_names.ts';
import { models } from '../nets.ts';
import type { Net, NetConfig } from '../nn/architecture.ts';
import type { StateDict } from '../nn/parameters.ts';
import { UserError } from '../runtime/errors.ts';
import { classTensors, decodeStartingNet, fitStartingNet, type StartingNet } from '../starting_net.ts';
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
 * Completes settings by what comes with the net that they start from: the model, its config and the normalisation. What
 * the settings have stays. Another model takes only the normalisation.
 * @throws UserError if no net of the model has that config
 */
export function settingsFrom({ architecture, config, normalisation, source }: Init, settings: Settings): Settings {
  const { model = modelOf(architecture.name, config) } = settings;
  const isSame = model === modelOf(architecture.name, config);
  const net: Partial<NetConfig> = { ...(isSame && changesOf(model, config)), ...settings.net };
  const { architecture: own, config: defaults } = models[model];
  const { inputChannels } = own.check({ ...defaults, ...net }, 'the settings', toSnakeCase);
  const colours = inputChannels === config.inputChannels ? normalisation : {};
  return { ...colours, ...settings, model, net, init: source };
}

/** The values of a config that differ from the model's, but for the classes, which the data determine. */
function changesOf(model: string, config: NetConfig): Partial<NetConfig> {
  const { config: defaults } = models[model];
  const changes = Object.entries(config).filter(
    ([key, value]) =>
      key !== 'classes' && !isDeepStrictEqual((defaults as object as typeof config)[key as 'classes'], value),
  );
  return Object.fromEntries(changes);
}

/** The model of an architecture whose config differs least. */
function modelOf(architecture: string, config: NetConfig): string {
  const candidates = Object.keys(models).filter((name) => models[name].architecture.name === architecture);
  const distance = (name: string) => Object.keys(changesOf(name, config)).length;
  return candidates.reduce((best, name) => (distance(name) < distance(best) ? name : best));
}

/** What a net takes of the one that it starts from. */
export interface Start {
  readonly state: StateDict;
  /** Whether it has a last layer of its own, for other classes. */
  readonly isTransfer: boolean;
  /** For the user. */
  readonly line: string;
}

/** @throws UserError that names the file if nothing fits */
export function startingState(init: Init, net: Net, classNames: readonly string[]): Start {
  try {
    const { state, fresh, left } = fitStartingNet(init, net, classNames);
    const last = classTensors(net);
    const [taken, all] = [Object.keys(state).length, Object.keys(init.tensors).length];
    const list = (names: readonly string[]) => (names.length > 0 ? `${names.length} (${listNames(names)})` : 'none');
    return {
      state,
      isTransfer: fresh.some((name) => last.has(name)),
      line: `${taken} of the ${all} tensors in ${init.source} are taken; new: ${list(fresh)}; left: ${list(left)}`,
    };
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`--init ${init.source}: ${error.message}`);
    throw error;
  }
}
