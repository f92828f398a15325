import { expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
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
  inputSize: 16,
  classes: 3,
};

const variants: Record<string, Partial<YYNetConfig>> = {
  'the paper': {},
  'SiLU, hard-sigmoid, first channel': { activation: 'silu', gate: 'hard_sigmoid', yin: 'first' },
  'added channels, more layers': {
    channelsAdded: 2,
    branchBlocks: 2,
    bodyLayers: 2,
    bodyExtraStride: false,
    bodyChannels: 8,
  },
  'two branch layers': { branchLayers: 2, branchBlocks: 1 },
  'another fusion, one block each': { fusion: 'a*(1-i)+a-i', branchBlocks: 1, bodyBlocks: 1 },
};

test.each(Object.entries(variants))('%s: gradients of the whole net', async (_, options) => {
  const device = await testDevice();
  const net = new YYNet({ ...small, ...options });
  const parameters = new ParameterSet(device, net, new Random(1));
  const x = upload(device, normal([3, 3, 16, 16], new Random(2)));
  const names = [...net.named()].filter(([name]) =>
    /^(yin.0.conv1|yang.1.depthwise|body.0.conv2|fc1).weight$/.test(name),
  );
  const inputs = Object.fromEntries(names.map(([name, { tensor }]) => [name, tensor]));
  expect(names).toHaveLength(4);
  // Kinks and batch statistics of few pixels bend the loss: a small step, and room for f32 rounding.
  await gradcheck(
    device,
    (tape, moved) => {
      const bound = names.map(([name, variable]) => [variable, variable.tensor, moved[name]] as const);
      for (const [variable, , tensor] of bound) variable.tensor = tensor;
      const logits = net.forward({ tape, training: true }, x);
      for (const [variable, tensor] of bound) variable.tensor = tensor;
      return logits;
    },
    inputs,
    { eps: 2e-3, tolerance: 5e-2 },
  );
  expect(parameters.values.shape[0]).toBeGreaterThanOrEqual(net.parameterCount);
});

test('evaluation mode gives each picture the same logits whatever shares its batch', async () => {
  const device = await testDevice();
  const net = new YYNet(small);
  new ParameterSet(device, net, new Random(1));
  const pictures = normal([4, 3, 16, 16], new Random(3));
  const run = (x: typeof pictures) =>
    device.tidy(() => net.forward({ tape: new Tape(device), training: false }, upload(device, x)));
  const all = await device.read(run(pictures));
  const first = await device.read(
    run({ ...pictures, shape: [1, 3, 16, 16], data: pictures.data.subarray(0, 768) } as never),
  );
  expect([...all.subarray(0, 3)]).toEqual([...first]);
});
