import * as v from 'valibot';
import { activationKinds } from '../autograd/ops/activation.ts';
import { fusionFormulas } from '../autograd/ops/fuse.ts';
import { fraction, integer, parse } from '../data/parse.ts';
import { defineArchitecture } from '../nn/architecture.ts';
import { presets, type YYNetConfig } from './config.ts';
import { YYNet } from './yynet.ts';

const width = integer(1, 65_536);

/** Valid configs. The bounds reject malicious files that describe nets too large for any machine. */
const configSchema = v.strictObject({
  inputSize: integer(4, 4096),
  inputChannels: integer(1, 4),
  classes: width,
  channels: width,
  channelsAdded: integer(0, 4096),
  branchLayers: integer(1, 16),
  branchBlocks: integer(1, 64),
  bodyLayers: integer(1, 16),
  bodyBlocks: integer(1, 64),
  bodyChannels: width,
  bodyExtraStride: v.boolean(),
  hidden: width,
  fusion: v.picklist(fusionFormulas),
  yin: v.picklist(['mean', 'first']),
  activation: v.picklist(activationKinds),
  gate: v.picklist(activationKinds),
  dropout: fraction,
  bn0: v.boolean(),
}) satisfies v.GenericSchema<unknown, YYNetConfig>;

/** The YYNet architecture, for training, checkpoints, inference and export. */
export const yynet = defineArchitecture<YYNetConfig, YYNet>({
  name: 'yynet',
  config: presets['yynet-16'],
  build: (config) => new YYNet(config),
  check: (config, source, spelling) => parse(configSchema, config, source, spelling),
  parts: ({ yin, yang, body, fc1, fc2 }) => ({
    blocks: [...yin.modules.map((block, i) => [block, yang.modules[i]]), ...body.modules.map((block) => [block])],
    head: [fc1, fc2],
  }),
  branches: ({ yin, yang }) => ({ yin: yin.modules, yang: yang.modules }),
});
