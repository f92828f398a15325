import { mobilenetV3SmallConfig, shapeOf } from './config.ts';

/** Naming scheme of a state dict: yynet's, timm's or torchvision's. */
export type Naming = 'yynet' | 'timm' | 'torchvision';

/** Blocks in each of timm's stages. */
const STAGES = [1, 2, 3, 2, 3];

/** Module names outside of the blocks, by yynet's. */
const PARTS = {
  timm: {
    ...{ conv1: 'conv_stem', bn1: 'bn1', conv2: 'blocks.5.0.conv', bn2: 'blocks.5.0.bn1' },
    ...{ fc1: 'conv_head', fc2: 'classifier' },
  },
  torchvision: {
    ...{ conv1: 'features.0.0', bn1: 'features.0.1', conv2: 'features.12.0', bn2: 'features.12.1' },
    ...{ fc1: 'classifier.0', fc2: 'classifier.3' },
  },
} as const;

/** timm's names in a block, and in one without an expansion. */
const TIMM_BLOCK = {
  ...{ expand: 'conv_pw', bn1: 'bn1', depthwise: 'conv_dw', bn2: 'bn2', project: 'conv_pwl', bn3: 'bn3' },
  ...{ 'se.reduce': 'se.conv_reduce', 'se.expand': 'se.conv_expand' },
};
const TIMM_SEPARABLE = { ...TIMM_BLOCK, depthwise: 'conv_dw', bn2: 'bn1', project: 'conv_pw', bn3: 'bn2' };

/** Detects the naming scheme of a state dict's keys; undefined if it is none of a MobileNetV3-Small. */
export function namingOf(keys: readonly string[]): Naming | undefined {
  const all = new Set(keys);
  if (all.has('conv1.weight') && all.has('blocks.0.depthwise.weight')) return 'yynet';
  if (all.has('conv_stem.weight') && all.has('blocks.5.0.conv.weight')) return 'timm';
  return all.has('features.0.0.weight') && all.has('features.12.0.weight') ? 'torchvision' : undefined;
}

/** Returns a function that maps yynet's name of a tensor, such as 'conv1.weight', to its key in a naming scheme. */
export function keysOf(naming: Naming): (name: string) => string {
  if (naming === 'yynet') return (name) => name;
  const modules = new Map<string, string>(Object.entries(PARTS[naming]));
  shapeOf(mobilenetV3SmallConfig).blocks.forEach(({ expand, reduced }, i) => {
    const block = naming === 'timm' ? timmBlock(i) : torchvisionBlock(i, expand !== 'absent', reduced !== 'absent');
    for (const [name, key] of Object.entries(block)) modules.set(`blocks.${i}.${name}`, key);
  });
  return (name) => {
    const dot = name.lastIndexOf('.');
    const module = name.slice(0, dot);
    return `${modules.get(module) ?? module}${name.slice(dot)}`;
  };
}

function timmBlock(index: number): Record<string, string> {
  let [stage, block] = [0, index];
  while (block >= STAGES[stage]) block -= STAGES[stage++];
  const names = Object.entries(index === 0 ? TIMM_SEPARABLE : TIMM_BLOCK);
  return Object.fromEntries(names.map(([name, key]) => [name, `blocks.${stage}.${block}.${key}`]));
}

/** torchvision numbers the layers of a block: each convolution with its normalisation, and squeeze-and-excite. */
function torchvisionBlock(index: number, expands: boolean, gated: boolean): Record<string, string> {
  const layers = [
    ...(expands ? [{ expand: '0', bn1: '1' }] : []),
    { depthwise: '0', bn2: '1' },
    ...(gated ? [{ 'se.reduce': 'fc1', 'se.expand': 'fc2' }] : []),
    { project: '0', bn3: '1' },
  ];
  const names = layers.flatMap((layer, i) =>
    Object.entries(layer).map(([name, key]) => [name, `features.${index + 1}.block.${i}.${key}`]),
  );
  return Object.fromEntries(names);
}
