import * as v from 'valibot';
import { fraction, integer, parse } from '../data/parse.ts';
import { defineArchitecture } from '../nn/architecture.ts';
import { type MobileNetV3Config, mobilenetV3SmallConfig, scalings } from './config.ts';
import { MobileNetV3Small } from './mobilenet.ts';

/** Valid configs. The bounds reject malicious files that describe nets too large for any machine. */
const configSchema = v.strictObject({
  inputSize: integer(32, 4096),
  inputChannels: integer(1, 4),
  classes: integer(1, 65_536),
  // Below, torchvision's net has fewer expansions, because their width is that of their input.
  width: v.pipe(v.number(), v.minValue(0.125), v.maxValue(8)),
  scaling: v.picklist(scalings),
  dropout: fraction,
  bnEps: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
  bnMomentum: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
}) satisfies v.GenericSchema<unknown, MobileNetV3Config>;

/** The MobileNetV3-Small architecture, for training, checkpoints, inference and export. */
export const mobilenetV3Small = defineArchitecture<MobileNetV3Config, MobileNetV3Small>({
  name: 'mobilenetv3-small',
  config: mobilenetV3SmallConfig,
  build: (config) => new MobileNetV3Small(config),
  check: (config, source, spelling) => parse(configSchema, config, source, spelling),
  parts: ({ conv1, bn1, blocks, conv2, bn2, fc1, fc2 }) => ({
    blocks: [[conv1, bn1], ...blocks.modules.map((block) => [block]), [conv2, bn2]],
    head: [fc1, fc2],
  }),
  branches: ({ blocks }) => ({ blocks: blocks.modules }),
});
