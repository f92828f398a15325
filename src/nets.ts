import { mobilenetV3Small } from './mobilenet/architecture.ts';
import type { Architecture, NetConfig } from './nn/architecture.ts';
import { yynet } from './yinyang/architecture.ts';
import { presets } from './yinyang/config.ts';

/** An architecture with the config of one of its presets. */
export interface Model {
  readonly architecture: Architecture;
  readonly config: NetConfig;
}

/** The architectures that the commands and the page know; checkpoints of before 0.2 have the first one. */
export const architectures: readonly Architecture[] = [yynet, mobilenetV3Small];

/** The nets that the commands know, by name. */
export const models: Readonly<Record<string, Model>> = {
  ...Object.fromEntries(Object.entries(presets).map(([name, config]) => [name, { architecture: yynet, config }])),
  [mobilenetV3Small.name]: { architecture: mobilenetV3Small, config: mobilenetV3Small.config },
};
