import { UserError } from '../runtime/errors.ts';
import { type Block, blocksOf } from './blocks.ts';
import type { YYNetConfig } from './config.ts';

/** Naming scheme of a state dict: yynet's, that of the authors' CIFAR-10 notebook, or of their ImageNet script. */
export type Naming = 'yynet' | 'cifar-notebook' | 'imagenet-script';

/** The authors' module names by yynet's. Source: github.com/NoSavedDATA/YinYang_CNN. */
const AUTHORS_NAMES = {
  'cifar-notebook': {
    residual: { conv1: 'conv.0', bn1: 'conv.1', conv2: 'conv.3', bn2: 'conv.4', shortcut: 'conv2' },
    mbconv: {
      bn0: 'conv.0',
      expand: 'conv.1',
      bn1: 'conv.2',
      depthwise: 'conv.4',
      bn2: 'conv.5',
      'se.reduce': 'conv.8.gate.1',
      'se.expand': 'conv.8.gate.3',
      project: 'conv.9',
      bn3: 'conv.10',
    },
    head: { fc1: 'head.2', fc2: 'cls' },
  },
  'imagenet-script': {
    residual: { conv1: 'conv1', bn1: 'bn1', conv2: 'conv2', bn2: 'bn2', shortcut: 'conv3' },
    mbconv: {
      bn0: 'bn',
      expand: 'expand_conv.0',
      bn1: 'expand_conv.1',
      depthwise: 'dw_conv.0',
      bn2: 'dw_conv.1',
      'se.reduce': 'se.gate.1',
      'se.expand': 'se.gate.3',
      project: 'out_conv.0',
      bn3: 'out_conv.1',
    },
    head: { fc1: 'head.2', fc2: 'head.5' },
  },
} as const;

/** The authors' names of the parts by yynet's. */
const AUTHORS_PARTS = { yin: 'yingyang.ying', yang: 'yingyang.yang', body: 'reduction' } as const;

/**
 * Detects the naming scheme of a state dict's keys.
 * @throws {UserError} if it is none of them
 */
export function namingOf(keys: readonly string[]): Naming {
  const any = (pattern: RegExp) => keys.some((key) => pattern.test(key));
  if (any(/^(yin|yang|body)\.\d/)) return 'yynet';
  if (any(/^yingyang\..*\.(conv3|expand_conv)\./)) return 'imagenet-script';
  if (any(/^yingyang\./)) return 'cifar-notebook';
  const got = keys.length > 0 ? `tensors such as '${keys[0]}'` : 'no tensors';
  throw new UserError(
    `Not a state dict of YYNet: expected 'yin.0.conv1.weight' or a name of the authors' programs, got ${got}.`,
  );
}

/** Returns a function that maps yynet's name of a tensor, such as 'yin.0.conv1.weight', to its key in a naming scheme. */
export function keysOf(naming: Naming, config: YYNetConfig): (name: string) => string {
  if (naming === 'yynet') return (name) => name;
  const { residual, mbconv, head } = AUTHORS_NAMES[naming];
  const modules = new Map<string, string>(Object.entries(head));
  for (const { part, index, layer, position, stride } of blocksOf(config)) {
    const names = position === 0 ? residual : { ...mbconv, shortcut: stride === 2 ? 'proj.1' : 'proj' };
    for (const [name, authorsName] of Object.entries(names)) {
      modules.set(`${part}.${index}.${name}`, `${AUTHORS_PARTS[part]}.${layer}.${position}.${authorsName}`);
    }
  }
  return (name) => {
    const dot = name.lastIndexOf('.');
    const module = name.slice(0, dot);
    return `${modules.get(module) ?? module}${name.slice(dot)}`;
  };
}

/** Counts the layers of a part, and the MBConv per layer, from the keys of a state dict. */
export function countLayers(
  naming: Naming,
  keys: readonly string[],
  part: Block['part'],
): { layers: number; blocks: number } {
  const authorsPart = naming === 'yynet' ? undefined : AUTHORS_PARTS[part].replace('.', '\\.');
  const block = authorsPart ? `^${authorsPart}\\.(\\d+\\.\\d+)\\.` : `^${part}\\.(\\d+)\\.`;
  const layer = authorsPart ? `^${authorsPart}\\.(\\d+)\\.0\\.` : `^${part}\\.(\\d+)\\.conv1\\.`;
  const countDistinct = (pattern: string) => new Set(keys.map((key) => key.match(pattern)?.[1]).filter(Boolean)).size;
  const layers = Math.max(countDistinct(layer), 1);
  return { layers, blocks: Math.max(Math.ceil(countDistinct(block) / layers) - 1, 0) };
}
