import { expect, test } from 'vitest';
import type { HostArray } from '../../kernels/common/reference.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Module } from '../../src/nn/module.ts';
import { gpuCapabilities } from '../../src/runtime/capabilities.ts';
import type { Device } from '../../src/runtime/device.ts';
import { requirePrecision } from '../../src/train/step.ts';
import { presets, type YYNetConfig } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { blocks, unevenParameters } from '../support/blocks.ts';
import { openDevice, testDevice } from '../support/device.ts';
import { hasHalf } from '../support/half.ts';
import { normal, relativeError, upload } from '../support/op.ts';

/** What a module gives in evaluation mode, layer by layer or with folded weights. */
async function run(device: Device, module: Module, x: HostArray, { folded = true, half = false } = {}) {
  await unevenParameters(device, module, new Random(3));
  const y = device.tidy(() => {
    const input = half ? device.upload(Float32Array.from(x.data), x.shape, 'f16') : upload(device, x);
    const weights = folded ? module.foldBatchNorm(device) : undefined;
    return module.forward({ tape: new Tape(device), training: false, folded: weights }, input);
  });
  return device.read(y);
}

async function expectSame(create: () => Module, shape: readonly number[]) {
  const device = await testDevice();
  const x = normal(shape, new Random(4));
  const want = await run(device, create(), x, { folded: false });
  expect(relativeError(await run(device, create(), x), want)).toBeLessThan(1e-5);
}

test.each(Object.entries(blocks))('%s: folded and layer by layer are the same', (_, [create, shape]) =>
  expectSame(create, shape),
);

const nets: Record<string, [YYNetConfig, height: number, width: number]> = {
  'yynet-16': [presets['yynet-16'], 32, 32],
  'yynet-32': [presets['yynet-32'], 32, 32],
  'yynet-64': [presets['yynet-64'], 32, 32],
  'yynet-imagenet': [presets['yynet-imagenet'], 64, 64],
  'every other choice, odd extents': [
    {
      ...{ ...presets['yynet-16'], channels: 6, channelsAdded: 1, bodyChannels: 9, branchLayers: 2, bodyLayers: 2 },
      ...{ activation: 'silu', gate: 'hard_sigmoid', yin: 'first', fusion: 'a*(1-i)+a-i', bn0: false, dropout: 0.2 },
    },
    37,
    29,
  ],
};

test.each(Object.entries(nets))('%s: folded and layer by layer give the same logits', (_, [config, ...extents]) =>
  expectSame(() => new YYNet(config), [2, config.inputChannels, ...extents]),
);

test.each(['mbconv, wider than a tile', 'mbconv, stride 2', 'residual'])(
  "%s: a GPU's tiles give the same",
  async (name) => {
    const [create, shape] = blocks[name];
    const x = normal(shape, new Random(4));
    const gpu = await openDevice({ capabilities: gpuCapabilities });
    const got = await run(gpu, create(), x);
    gpu.destroy();
    expect(relativeError(got, await run(await testDevice(), create(), x))).toBeLessThan(1e-5);
  },
);

const device = await testDevice();
test.each(Object.entries(blocks))('%s: f16 is near f32, folded', async (_, [create, shape]) => {
  if (!hasHalf(device)) {
    expect(() => requirePrecision(device, 'mixed')).toThrow('shader-f16');
    return;
  }
  const x = normal(shape, new Random(4));
  const got = await run(device, create(), x, { half: true });
  expect(relativeError(got, await run(device, create(), x))).toBeLessThan(1e-2);
});

test('folding and evaluation are few dispatches, and folded weights follow the parameters when they are folded again', async () => {
  const net = new YYNet({ ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 });
  const parameters = await unevenParameters(device, net, new Random(3));
  const x = upload(device, normal([2, 3, 32, 32], new Random(4)));
  const folding = await device.record(() => net.foldBatchNorm(device));
  const pass = { tape: new Tape(device), training: false, folded: folding.result };
  const forward = await device.record(() => net.forward(pass, x));
  expect([folding.cost.dispatches, forward.cost.dispatches]).toEqual([38, 61]);
  const logits = () => {
    forward.run();
    return device.read(forward.result);
  };
  folding.run();
  const first = await logits();
  const state = await parameters.stateDict();
  for (const [name, { data }] of Object.entries(state)) if (/running_mean/.test(name)) data.fill(0.1);
  parameters.loadStateDict(state);
  expect(await logits()).toEqual(first);
  folding.run();
  const layered = device.tidy(() => net.forward({ tape: new Tape(device), training: false }, x));
  expect(relativeError(await logits(), await device.read(layered))).toBeLessThan(1e-5);
});

test.each(['mbconv', 'residual'])('%s: folded weights and gradients exclude each other', async (name) => {
  const [create, shape] = blocks[name];
  const block = create();
  await unevenParameters(device, block, new Random(3));
  const tape = new Tape(device);
  const x = tape.watch(upload(device, normal(shape, new Random(4))));
  const y = block.forward({ tape, training: false, folded: block.foldBatchNorm(device) }, x);
  expect(() => tape.backward(y, y)).toThrow('no backward pass');
});
