import type { YYNetConfig } from '../yinyang/config.ts';

/** Where a block of the net stands and what it is. Its parameters are called `${part}.${index}.…`. */
export interface Block {
  readonly part: 'yin' | 'yang' | 'body';
  readonly index: number;
  readonly layer: number;
  /** Place in its layer: 0 is the Residual, the others are MBConv. */
  readonly position: number;
  readonly stride: 1 | 2;
}

/** The blocks of a net in the order of its forward pass: Yin, Yang, single path. */
export function blocksOf(config: YYNetConfig): Block[] {
  const { branchLayers, branchBlocks, bodyLayers, bodyBlocks, bodyExtraStride } = config;
  return [
    ...part('yin', branchLayers, branchBlocks, (position) => position === branchBlocks),
    ...part('yang', branchLayers, branchBlocks, (position) => position === 1),
    ...part('body', bodyLayers, bodyBlocks, (position) => position === 0 || (position === 1 && bodyExtraStride)),
  ];
}

function part(part: Block['part'], layers: number, blocks: number, strided: (position: number) => boolean): Block[] {
  return Array.from({ length: layers * (1 + blocks) }, (_, index) => {
    const position = index % (1 + blocks);
    return { part, index, layer: (index - position) / (1 + blocks), position, stride: strided(position) ? 2 : 1 };
  });
}
