import { decodeSafetensors } from './data/safetensors.ts';
import type { Normalisation } from './inference/loaded_net.ts';
import { type Fitting, fitTensors } from './interop/fitting.ts';
import { plainState } from './interop/plain_state.ts';
import type { NamedTensors } from './interop/state.ts';
import { mobilenetV3Small } from './mobilenet/architecture.ts';
import * as mobilenet from './mobilenet/import.ts';
import { keysOf as mobilenetKeysOf, namingOf as mobilenetNamingOf } from './mobilenet/naming.ts';
import { architectures } from './nets.ts';
import type { Architecture, Net, NetConfig } from './nn/architecture.ts';
import { UserError } from './runtime/errors.ts';
import { decodeCheckpoint } from './train/checkpoint.ts';
import { imagenetNormalisation, normalisationOf, paperRecipe } from './train/recipe.ts';
import { yynet } from './yinyang/architecture.ts';
import type { YYNetConfig } from './yinyang/config.ts';
import { configOf } from './yinyang/import.ts';
import { keysOf, namingOf } from './yinyang/naming.ts';

/** A net whose weights a training starts from. */
export interface StartingNet {
  readonly architecture: Architecture;
  /** Its config; a state dict without the last layer has one class. */
  readonly config: NetConfig;
  readonly normalisation: Normalisation;
  /** Undefined where the file has none. */
  readonly classNames?: readonly string[];
  /** By the names of the program that wrote the file. */
  readonly tensors: NamedTensors;
  /** What was done to the tensors: one sentence each, for the user. */
  readonly notes: readonly string[];
  /** Returns a function from a name of a net with that config to the key of its tensor. */
  keysFor(config: NetConfig): (name: string) => string;
}

/**
 * Decodes a checkpoint, or a state dict under our names, those of the authors' programs, timm's or torchvision's.
 * @throws UserError in one sentence
 */
export function decodeStartingNet(bytes: Uint8Array): StartingNet {
  const file = decodeSafetensors(bytes);
  if (file.metadata.has('config')) {
    const { architecture, config, classNames, recipe, state } = decodeCheckpoint(bytes, architectures);
    const { mean, std } = recipe;
    const keysFor = () => (name: string) => name;
    return { architecture, config, classNames, normalisation: { mean, std }, tensors: state, notes: [], keysFor };
  }
  const { tensors, notes } = plainState(file.tensors);
  const keys = Object.keys(tensors);
  const naming = mobilenetNamingOf(keys);
  return { ...(naming ? readMobileNet(tensors, naming) : readYYNet(tensors, namingOf(keys))), notes };
}

type Read = Omit<StartingNet, 'notes'>;

function readYYNet(tensors: NamedTensors, naming: ReturnType<typeof namingOf>): Read {
  const keysFor = (config: NetConfig) => keysOf(naming, config as YYNetConfig);
  const config = yynet.check(configOf(tensors, classesOf(tensors, keysFor(yynet.config)('fc2.weight'))), 'the net');
  return {
    architecture: yynet,
    config,
    normalisation: normalisationOf(config.inputChannels, paperRecipe),
    tensors,
    keysFor,
  };
}

function readMobileNet(tensors: NamedTensors, naming: NonNullable<ReturnType<typeof mobilenetNamingOf>>): Read {
  const keyOf = mobilenetKeysOf(naming);
  const inferred = mobilenet.configOf(tensors, classesOf(tensors, keyOf('fc2.weight')));
  const config = mobilenetV3Small.check(inferred, 'the net');
  const colours = naming === 'yynet' ? paperRecipe : imagenetNormalisation;
  return {
    ...{ architecture: mobilenetV3Small, config, normalisation: normalisationOf(config.inputChannels, colours) },
    ...{ tensors: mobilenet.withLinearHead(tensors, keyOf), keysFor: () => keyOf },
  };
}

/** One class where there is no last layer to tell their number. */
const classesOf = (tensors: NamedTensors, key: string) => (Object.hasOwn(tensors, key) ? {} : { classes: 1 });

/**
 * Picks the tensors that a net takes of the one that it starts from. Its last layer keeps its initial values where the
 * classes have other names.
 * @param classNames those of the net
 * @throws UserError if the nets are of two architectures, or nothing fits
 */
export function fitStartingNet(start: StartingNet, net: Net, classNames: readonly string[]): Fitting {
  const { architecture, config, module } = net;
  if (start.architecture.name !== architecture.name) {
    throw new UserError(`Its net is a ${start.architecture.name}, and a ${architecture.name} cannot start from it.`);
  }
  const isSame = !start.classNames || `${start.classNames}` === `${classNames}`;
  const except = isSame ? new Set<string>() : classTensors(net);
  const fitting = fitTensors(start.tensors, module, { keyOf: start.keysFor(config), except });
  if (Object.keys(fitting.state).length > 0) return fitting;
  throw new UserError('No tensor of it fits the net by name and shape.');
}

/** The names of the parameters whose shape follows from the number of classes. */
function classTensors({ architecture, config, module }: Net): Set<string> {
  const shapes = (net: typeof module) => new Map([...net.named()].map(([name, { shape }]) => [name, `${shape}`]));
  const others = shapes(architecture.create({ ...config, classes: config.classes + 1 }).module);
  return new Set([...shapes(module)].flatMap(([name, shape]) => (others.get(name) === shape ? [] : name)));
}

/** What a net takes of the one that it starts from. */
export interface Start extends Fitting {
  /** Whether it has a last layer of its own, for other classes. */
  readonly isTransfer: boolean;
}

/**
 * Picks what a net takes of the one that it starts from, and tells whether it is to be fine-tuned.
 * @throws UserError as `fitStartingNet` does
 */
export function pickStart(start: StartingNet, net: Net, classNames: readonly string[]): Start {
  const fitting = fitStartingNet(start, net, classNames);
  const last = classTensors(net);
  return { ...fitting, isTransfer: fitting.fresh.some((name) => last.has(name)) };
}
