import { findTensor, type NamedTensors, stateOf } from '../interop/state.ts';
import type { StateDict } from '../nn/parameters.ts';
import { UserError } from '../runtime/errors.ts';
import { presets, type YYNetConfig } from './config.ts';
import { countLayers, keysOf, type Naming, namingOf } from './naming.ts';
import { YYNet } from './yynet.ts';

/** A state dict under our names, with the config that its shapes show. */
export interface ImportedState {
  /** By yynet's names, for `ParameterSet.loadStateDict`. */
  readonly state: StateDict;
  readonly config: YYNetConfig;
  readonly naming: Naming;
}

/**
 * Converts a state dict with yynet's names or those of one of the authors' programs, detected from its keys.
 * @throws {UserError} that names the first tensor that is missing, unknown, of a wrong shape or not float32
 */
export function importState(tensors: NamedTensors, config: YYNetConfig = configOf(tensors)): ImportedState {
  const naming = namingOf(Object.keys(tensors));
  const state = stateOf(tensors, new YYNet(config), keysOf(naming, config));
  return { state, config, naming };
}

/** Configs of the authors' programs, for everything that tensor shapes do not determine. */
const AUTHORS_CONFIGS: Record<Exclude<Naming, 'yynet'>, YYNetConfig> = {
  'cifar-notebook': { ...presets['yynet-16'], fusion: 'a*i', activation: 'silu' },
  'imagenet-script': { ...presets['yynet-imagenet'], fusion: 'a*(1-i)+a-i', yin: 'first', bn0: false },
};

/**
 * Infers the config of a net from its state dict. Tensor shapes determine the widths and the number of blocks. The rest
 * (fusion, Yin's input, activation, gate, use of bn0, dropout, input size) is that of the authors' program whose names the
 * tensors have. With yynet's names it is that of the paper's net for CIFAR-10, or for ImageNet if the body has no extra
 * stride.
 * @param overrides replace inferred values
 * @throws {UserError} if the names are unknown or a tensor that determines a width is missing
 */
export function configOf(tensors: NamedTensors, overrides: Partial<YYNetConfig> = {}): YYNetConfig {
  const keys = Object.keys(tensors);
  const naming = namingOf(keys);
  const { layers: branchLayers, blocks: branchBlocks } = countLayers(naming, keys, 'yin');
  const { layers: bodyLayers, blocks: bodyBlocks } = countLayers(naming, keys, 'body');
  const layers = { branchLayers, branchBlocks, bodyLayers, bodyBlocks };

  const keyOf = keysOf(naming, { ...presets['yynet-16'], ...layers, bodyExtraStride: true });
  const has = (name: string) => Object.hasOwn(tensors, keyOf(name));
  const extent = (name: string, axis: number) => {
    const key = keyOf(name);
    const { shape } = findTensor(tensors, key, "its shape to determine the net's widths");
    if (shape[axis] > 0) return shape[axis];
    throw new UserError(`Tensor '${key}' has shape [${shape}], expected a width at axis ${axis}.`);
  };
  const channels = extent('yin.0.conv1.weight', 0);
  // Only the shortcut after a max pool, in a block of stride 2, has no bias.
  const bodyExtraStride = has('body.1.shortcut.weight') && !has('body.1.shortcut.bias');
  const paper = presets[bodyExtraStride ? 'yynet-16' : 'yynet-imagenet'];
  return {
    ...(naming === 'yynet' ? paper : AUTHORS_CONFIGS[naming]),
    ...layers,
    bodyExtraStride,
    channels,
    channelsAdded: extent('yin.1.project.weight', 0) - channels,
    inputChannels: extent('yang.0.conv1.weight', 1),
    bodyChannels: extent('body.0.conv1.weight', 0),
    hidden: extent('fc1.weight', 0),
    classes: overrides.classes ?? extent('fc2.weight', 0),
    ...overrides,
  };
}
