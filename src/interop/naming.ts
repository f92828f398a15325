import { UserError } from '../runtime/errors.ts';
import type { YYNetConfig } from '../yinyang/config.ts';
import { type Block, blocksOf } from './blocks.ts';

/** Whose state-dict names a file has: ours, those of the authors' CIFAR-10 notebook, or of their ImageNet script. */
export type Naming = 'yynet' | 'cifar-notebook' | 'imagenet-script';

/** Modules in the authors' code, by our names. Source: github.com/NoSavedDATA/YinYang_CNN. */
const AUTHORS = {
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

const PARTS = { yin: 'yingyang.ying', yang: 'yingyang.yang', body: 'reduction' } as const;

/** @throws {UserError} if the keys are nobody's */
export function namingOf(keys: readonly string[]): Naming {
  const any = (pattern: RegExp) => keys.some((key) => pattern.test(key));
  if (any(/^(yin|yang|body)\.\d/)) return 'yynet';
  if (any(/^yingyang\..*\.(conv3|expand_conv)\./)) return 'imagenet-script';
  if (any(/^yingyang\./)) return 'cifar-notebook';
  const got = keys.length > 0 ? `such as '${keys[0]}'` : 'of which there are none';
  throw new UserError(`The tensors, ${got}, are not YYNet's, expected 'yin.0.conv1.weight' or a name of the authors'.`);
}

/** Tells what one of our parameters or buffers, such as 'yin.0.conv1.weight', is called under a naming. */
export function keysOf(naming: Naming, config: YYNetConfig): (name: string) => string {
  if (naming === 'yynet') return (name) => name;
  const { residual, mbconv, head } = AUTHORS[naming];
  const modules = new Map<string, string>(Object.entries(head));
  for (const { part, index, layer, position, stride } of blocksOf(config)) {
    const names = position === 0 ? residual : { ...mbconv, shortcut: stride === 2 ? 'proj.1' : 'proj' };
    for (const [ours, theirs] of Object.entries(names)) {
      modules.set(`${part}.${index}.${ours}`, `${PARTS[part]}.${layer}.${position}.${theirs}`);
    }
  }
  return (name) => {
    const dot = name.lastIndexOf('.');
    const module = name.slice(0, dot);
    return `${modules.get(module) ?? module}${name.slice(dot)}`;
  };
}

/** The layers of a part, and the MBConv in each, as the keys have them. */
export function countLayers(
  naming: Naming,
  keys: readonly string[],
  part: Block['part'],
): { layers: number; blocks: number } {
  const theirs = naming === 'yynet' ? undefined : PARTS[part].replace('.', '\\.');
  const block = theirs ? `^${theirs}\\.(\\d+\\.\\d+)\\.` : `^${part}\\.(\\d+)\\.`;
  const layer = theirs ? `^${theirs}\\.(\\d+)\\.0\\.` : `^${part}\\.(\\d+)\\.conv1\\.`;
  const distinct = (pattern: string) => new Set(keys.map((key) => key.match(pattern)?.[1]).filter(Boolean)).size;
  const layers = Math.max(distinct(layer), 1);
  return { layers, blocks: Math.max(Math.ceil(distinct(block) / layers) - 1, 0) };
}
