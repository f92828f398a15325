import { fusionFormulas } from '../../src/autograd/ops/fuse.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Module } from '../../src/nn/module.ts';
import { type HostTensor, ParameterSet, type StateDict } from '../../src/nn/parameters.ts';
import type { Device } from '../../src/runtime/device.ts';
import { sizeOf } from '../../src/runtime/tensor.ts';
import { presets, type YYNetConfig } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';

/** The paper's net, but narrow. */
export const narrow: YYNetConfig = { ...presets['yynet-16'], channels: 4, bodyChannels: 6, hidden: 8, classes: 3 };

/** Nets that between them have every option. */
export const nets: Record<string, YYNetConfig> = {
  'yynet-16': presets['yynet-16'],
  'yynet-imagenet on small pictures': { ...presets['yynet-imagenet'], inputSize: 32 },
  'silu, hard sigmoid, first channel': { ...narrow, activation: 'silu', gate: 'hard_sigmoid', yin: 'first' },
  'layers of growing width': {
    ...narrow,
    ...{ branchLayers: 2, branchBlocks: 2, bodyLayers: 2, bodyExtraStride: false, channelsAdded: 2 },
  },
  'one MBConv in each layer': { ...narrow, branchBlocks: 1, bodyBlocks: 1, channelsAdded: 3 },
  'bn0 unused': { ...narrow, bn0: false },
  'two channels, odd sizes': { ...narrow, inputChannels: 2, inputSize: 21 },
  ...Object.fromEntries(fusionFormulas.map((fusion) => [`fusion ${fusion}`, { ...narrow, fusion }])),
};

/** Parameters and running statistics as if learnt: none of the vectors has its initial value. */
export const learntState = (config: YYNetConfig, random?: Random) => learntStateOf(new YYNet(config), random);

/** The same for any module. */
export function learntStateOf(module: Module, random = new Random(5)): StateDict {
  const entries = [...module.named()].map(([name, { shape, initialise }]): [string, HostTensor] => {
    const data = initialise(shape, random);
    if (name.endsWith('running_var')) return [name, { shape, data: data.map(() => random.uniform(0.01, 2)) }];
    if (shape.length === 1) return [name, { shape, data: data.map((v) => v + 0.3 * random.normal()) }];
    return [name, { shape, data }];
  });
  return Object.fromEntries(entries);
}

type PictureSize = Pick<YYNetConfig, 'inputChannels' | 'inputSize'>;

/** `count` normalised pictures, [count,C,H,W]. */
export function randomImages({ inputChannels, inputSize }: PictureSize, count: number): HostTensor {
  const random = new Random(count);
  const shape = [count, inputChannels, inputSize, inputSize];
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) };
}

/** The logits that YYNet computes in evaluation, layer by layer. */
export const logitsOf = (device: Device, config: YYNetConfig, state: StateDict, images: HostTensor) =>
  logitsOfModule(device, new YYNet(config), state, images);

/** The same for any module. */
export function logitsOfModule(
  device: Device,
  module: Module,
  state: StateDict,
  { shape, data }: HostTensor,
): Promise<Float32Array> {
  new ParameterSet(device, module, new Random(1)).loadStateDict(state);
  return device.read(
    device.tidy(() => module.forward({ tape: new Tape(device), training: false }, device.upload(data, shape))),
  );
}
