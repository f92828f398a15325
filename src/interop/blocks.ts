import { type MBConv, Residual } from '../nn/blocks.ts';
import type { YYNetConfig } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';

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
  const net = new YYNet(config);
  return (['yin', 'yang', 'body'] as const).flatMap((part) => {
    let [layer, position] = [-1, 0];
    return (net[part].modules as readonly (Residual | MBConv)[]).map((block, index) => {
      const begins = block instanceof Residual;
      layer += begins ? 1 : 0;
      position = begins ? 0 : position + 1;
      return { part, index, layer, position, stride: block.stride };
    });
  });
}
