import { expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { presets, type YYNetConfig } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { testDevice } from '../support/device.ts';
import { normal, upload } from '../support/op.ts';

test.each([
  ['yynet-16', 52_882],
  ['yynet-32', 191_330],
  ['yynet-64', 726_274],
  ['yynet-imagenet', 1_608_144],
] as const)('%s has %i trainable parameters', (preset, count) => {
  expect(new YYNet(presets[preset]).parameterCount).toBe(count);
});

const small: YYNetConfig = {
  ...presets['yynet-16'],
  channels: 4,
  bodyChannels: 4,
  hidden: 8,
  classes: 3,
};

const variants: Record<string, Partial<YYNetConfig>> = {
  'the paper': {},
  'every other choice': { activation: 'silu', gate: 'hard_sigmoid', yin: 'first', fusion: 'a*(1-i)+a-i' },
  'more layers, added channels': {
    ...{ branchLayers: 2, branchBlocks: 1, bodyLayers: 2, bodyBlocks: 1, bodyExtraStride: false },
    channelsAdded: 2,
  },
};

// Behind the last max pool the net is smooth. In front of it, windows whose largest pixel changes within the step keep
// finite differences from being exact; that those gradients are right to 1e-5 is what conformance shows.
const PARAMETERS = [
  { name: 'fc1.weight', tolerance: 1e-2 },
  { name: 'body.0.conv2.weight', tolerance: 0.2 },
  { name: 'yang.1.depthwise.weight', tolerance: 0.2 },
  { name: 'yin.0.conv1.weight', tolerance: 0.2 },
];

test.each(Object.entries(variants))('%s: gradients of the whole net', async (_, options) => {
  const device = await testDevice();
  const net = new YYNet({ ...small, ...options });
  new ParameterSet(device, net, new Random(1));
  const x = upload(device, normal([8, 3, 32, 32], new Random(2)));
  const named = Object.fromEntries(net.named());
  for (const { name, tolerance } of PARAMETERS) {
    const parameter = named[name];
    const { tensor } = parameter;
    const forward = (tape: Tape, { weight }: Record<string, Tensor>) => {
      parameter.tensor = weight;
      const logits = net.forward({ tape, training: true }, x);
      parameter.tensor = tensor;
      return logits;
    };
    await gradcheck(device, forward, { weight: tensor }, { eps: 5e-4, tolerance });
  }
});

test('evaluation mode gives each picture the same logits whatever shares its batch', async () => {
  const device = await testDevice();
  const net = new YYNet(small);
  new ParameterSet(device, net, new Random(1));
  const pictures = normal([4, 3, 32, 32], new Random(3));
  const run = (x: typeof pictures) =>
    device.tidy(() => net.forward({ tape: new Tape(device), training: false }, upload(device, x)));
  const all = await device.read(run(pictures));
  const first = await device.read(
    run({ ...pictures, shape: [1, 3, 32, 32], data: pictures.data.subarray(0, 3072) } as never),
  );
  expect([...all.subarray(0, 3)]).toEqual([...first]);
});
