import { type MBConv, Residual } from '../nn/blocks.ts';
import type { YYNetConfig } from './config.ts';
import { YYNet } from './yynet.ts';

/** Position of a block in the net. Its parameters are named `${part}.${index}.…`. */
export interface Block {
  readonly part: 'yin' | 'yang' | 'body';
  readonly index: number;
  readonly layer: number;
  /** Index in its layer: 0 is the Residual, the others are MBConv. */
  readonly position: number;
  readonly stride: 1 | 2;
}

/** Lists the blocks of a net: those of Yin, of Yang, then of the body. */
export function blocksOf(config: YYNetConfig): Block[] {
  const net = new YYNet(config);
  return (['yin', 'yang', 'body'] as const).flatMap((part) => {
    let [layer, position] = [-1, 0];
    return (net[part].modules as readonly (Residual | MBConv)[]).map((block, index) => {
      const startsLayer = block instanceof Residual;
      layer += startsLayer ? 1 : 0;
      position = startsLayer ? 0 : position + 1;
      return { part, index, layer, position, stride: block.stride };
    });
  });
}
