import type { StateDict } from '../nn/parameters.ts';
import { UserError } from '../runtime/errors.ts';
import { presets, type YYNetConfig } from '../yinyang/config.ts';
import { countLayers, keysOf, type Naming, namingOf } from './naming.ts';
import { collect, find, type NamedTensors } from './tensors.ts';

export interface ImportedState {
  /** By our names, ready for `ParameterSet.loadStateDict`. */
  readonly state: StateDict;
  readonly config: YYNetConfig;
  readonly naming: Naming;
}

/**
 * Takes a state dict under our names or either of the authors', whichever its keys show.
 * @throws {UserError} naming the first tensor that is missing, unknown, or of another shape or type than float32
 */
export function importState(tensors: NamedTensors, config: YYNetConfig = configOf(tensors)): ImportedState {
  const naming = namingOf(Object.keys(tensors));
  const state = collect(tensors, config, keysOf(naming, config));
  return { state, config, naming };
}

/** What shapes do not tell, as the authors' programs have it. */
const UNSEEN: Record<Exclude<Naming, 'yynet'>, YYNetConfig> = {
  'cifar-notebook': { ...presets['yynet-16'], fusion: 'a*i', activation: 'silu' },
  'imagenet-script': { ...presets['yynet-imagenet'], fusion: 'a*(1-i)+a-i', yin: 'first', bn0: false },
};

/**
 * The config of the net that these tensors belong to, read off their shapes. What shapes do not tell (fusion, Yin's
 * input, activation, gate, bn0's use, dropout, input size) is as in the authors' program that the names belong to, or under our
 * names as in the paper's net for CIFAR-10, or for ImageNet where the single path lacks the extra stride. What is
 * `known` goes before all that.
 * @throws {UserError} if the keys are nobody's or a tensor needed for this is missing
 */
export function configOf(tensors: NamedTensors, known: Partial<YYNetConfig> = {}): YYNetConfig {
  const keys = Object.keys(tensors);
  const naming = namingOf(keys);
  const { layers: branchLayers, blocks: branchBlocks } = countLayers(naming, keys, 'yin');
  const { layers: bodyLayers, blocks: bodyBlocks } = countLayers(naming, keys, 'body');
  const layers = { branchLayers, branchBlocks, bodyLayers, bodyBlocks };

  const keyOf = keysOf(naming, { ...presets['yynet-16'], ...layers, bodyExtraStride: true });
  const has = (name: string) => Object.hasOwn(tensors, keyOf(name));
  const extent = (name: string, axis: number) => {
    const key = keyOf(name);
    const { shape } = find(tensors, key, "its shape to tell the net's widths");
    if (shape[axis] > 0) return shape[axis];
    throw new UserError(`Tensor '${key}' has shape [${shape}], expected a width at its axis ${axis}.`);
  };
  const channels = extent('yin.0.conv1.weight', 0);
  // A shortcut without a bias is the one behind a max pool.
  const bodyExtraStride = has('body.1.shortcut.weight') && !has('body.1.shortcut.bias');
  const paper = presets[bodyExtraStride ? 'yynet-16' : 'yynet-imagenet'];
  return {
    ...(naming === 'yynet' ? paper : UNSEEN[naming]),
    ...layers,
    bodyExtraStride,
    channels,
    channelsAdded: extent('yin.1.project.weight', 0) - channels,
    inputChannels: extent('yang.0.conv1.weight', 1),
    bodyChannels: extent('body.0.conv1.weight', 0),
    hidden: extent('fc1.weight', 0),
    classes: extent('fc2.weight', 0),
    ...known,
  };
}
