import { expect, test } from 'vitest';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { NamedTensors } from '../../src/interop/state.ts';
import { mobilenetV3Small } from '../../src/mobilenet/architecture.ts';
import { type MobileNetV3Config, mobilenetV3SmallConfig, shapeOf } from '../../src/mobilenet/config.ts';
import { configOf, importState } from '../../src/mobilenet/import.ts';
import { MobileNetV3Small } from '../../src/mobilenet/mobilenet.ts';
import { keysOf, type Naming } from '../../src/mobilenet/naming.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { sizeOf } from '../../src/runtime/tensor.ts';
import { unevenParameters } from '../support/blocks.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

const narrow: MobileNetV3Config = {
  ...mobilenetV3SmallConfig,
  ...{ inputSize: 32, classes: 3, width: 0.15, dropout: 0 },
};

test.each([
  [{ classes: 1000 }, 2_542_856],
  [{ classes: 10 }, 1_528_106],
  // torchvision's mobilenet_v3_small(width_mult=0.75), and timm's mobilenetv3_small_075.
  [{ classes: 1000, width: 0.75 }, 1_653_920],
  [{ classes: 1000, width: 0.75, scaling: 'timm' as const }, 2_041_872],
])('%o gives %i parameters', (changes, count) => {
  expect(mobilenetV3Small.create(changes).module.parameterCount).toBe(count);
});

test('widths are multiples of 8 that are not more than a tenth too small', () => {
  for (const width of [0.05, 0.1, 0.35, 0.75, 1.4, 3]) {
    const { stem, blocks, last, hidden } = shapeOf({ width, scaling: 'paper' });
    const reduced = blocks.flatMap((block) => (block.reduced === 'absent' ? [] : block.reduced));
    for (const channels of [stem, last, hidden, ...reduced, ...blocks.map((block) => block.channels)]) {
      expect(channels % 8).toBe(0);
    }
    expect(stem).toBeGreaterThanOrEqual(Math.max(8, 0.9 * 16 * width));
  }
});

test.each([{ inputSize: 31 }, { width: 0.1 }, { scaling: 'other' }, { bnEps: 0 }])('%o is refused', (wrong) => {
  expect(() => mobilenetV3Small.check({ ...mobilenetV3SmallConfig, ...wrong })).toThrow(UserError);
});

/** A training pass on random pictures: logits, gradients and running statistics. */
async function train(fused: boolean) {
  const device = await testDevice();
  const net = new MobileNetV3Small(narrow);
  const parameters = await unevenParameters(device, net, new Random(1));
  const x = upload(device, normal([4, 3, 32, 32], new Random(2)));
  const y = device.tidy(() => {
    const tape = new Tape(device);
    parameters.watch(tape);
    const logits = net.forward({ tape, training: true, fused }, x);
    tape.backward(logits, upload(device, normal(logits.shape, new Random(3))));
    return logits;
  });
  const arrays = { ...(await parameters.stateDict()), ...(await parameters.readFlat(parameters.gradients)) };
  return { y: await device.read(y), ...Object.fromEntries(Object.entries(arrays).map(([k, { data }]) => [k, data])) };
}

// The last planes have one pixel, so that a normalisation divides by the deviation of four numbers.
test('one op a block, and layer by layer, give the same', async () => {
  const [want, got] = [await train(false), await train(true)];
  const scale = Math.max(...Object.values(want).map((array) => Math.hypot(...array)));
  for (const [name, array] of Object.entries(want)) {
    const difference = Math.hypot(...array.map((value, i) => value - (got as typeof want)[name as 'y'][i]));
    expect(difference, name).toBeLessThan(1e-3 * Math.hypot(...array) + 1e-6 * scale);
  }
});

test('training is one op a block', async () => {
  const device = await testDevice();
  const net = new MobileNetV3Small(narrow);
  new ParameterSet(device, net, new Random(1));
  const ran: string[] = [];
  const tape = new Tape(device);
  const run = tape.run.bind(tape);
  tape.run = (op, ...rest) => {
    ran.push(op.name);
    return run(op, ...rest);
  };
  device.tidy(() => net.forward({ tape, training: true }, upload(device, normal([2, 3, 32, 32], new Random(2)))));
  expect(ran.filter((name) => name === 'mbconv')).toHaveLength(11);
  expect(ran.filter((name) => /depthwise|squeezeExcite/.test(name))).toEqual([]);
});

/** Random tensors of a net under another naming, with the counters that PyTorch keeps. */
function stateUnder(naming: Naming, config: MobileNetV3Config): NamedTensors {
  const random = new Random(4);
  const keyOf = keysOf(naming);
  const entries = [...new MobileNetV3Small(config).named()].flatMap(([name, { shape }]) => {
    const data = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform());
    const stored = naming === 'timm' && name === 'fc1.weight' ? [...shape, 1, 1] : shape;
    const counter = { shape: [], data: new BigInt64Array(1) };
    const key = keyOf(name);
    const counters = key.endsWith('running_var') ? [[key.replace('running_var', 'num_batches_tracked'), counter]] : [];
    return [[key, { shape: stored, data }], ...counters];
  });
  return Object.fromEntries(entries) as NamedTensors;
}

test.each<[Naming, Partial<MobileNetV3Config>]>([
  ['yynet', { width: 0.15, classes: 3, inputChannels: 1 }],
  ['timm', { classes: 7 }],
  ['timm', { width: 0.5, scaling: 'timm' }],
  ['torchvision', { width: 0.75, bnEps: 1e-3, bnMomentum: 0.01 }],
  ['torchvision', { width: 1.37, classes: 3, bnEps: 1e-3, bnMomentum: 0.01 }],
])('%s names, %o: shapes tell the config, and every tensor is taken', (naming, changes) => {
  const config = { ...mobilenetV3SmallConfig, ...changes };
  const imported = importState(stateUnder(naming, config));
  expect(imported).toMatchObject({ naming, config: { ...config, width: expect.any(Number) } });
  expect(shapeOf(imported.config)).toEqual(shapeOf(config));
  const ours = stateUnder('yynet', config);
  for (const [name, { data }] of Object.entries(imported.state)) expect(data, name).toEqual(ours[name].data);
});

test('tensors that are missing, of another shape or of another net are named', () => {
  const state = stateUnder('timm', narrow);
  const { 'blocks.1.1.conv_dw.weight': depthwise, ...lacking } = state;
  expect(() => importState(lacking)).toThrow(
    "Tensor 'blocks.1.1.conv_dw.weight' is missing, expected its shape to determine the net's widths.",
  );
  const wrong = { ...state, 'blocks.1.1.conv_dw.weight': { ...depthwise, shape: [9, 1, 3, 3] } };
  expect(() => configOf(wrong)).toThrow('No width multiplier of MobileNetV3-Small gives the widths');
  const square = { ...state, 'conv_head.weight': { ...state['conv_head.weight'], shape: [152, 96, 3, 3] } };
  expect(() => importState(square)).toThrow("Tensor 'conv_head.weight' has shape [152,96,3,3], expected [152,96].");
});

test('evaluation with folded normalisations, and without', async () => {
  const device = await testDevice();
  const net = new MobileNetV3Small({ ...narrow, bnEps: 1e-2 });
  await unevenParameters(device, net, new Random(1));
  const x = upload(device, normal([2, 3, 37, 33], new Random(2)));
  const run = (folded: boolean) =>
    device.read(
      device.tidy(() =>
        net.forward(
          { tape: new Tape(device), training: false, folded: folded ? net.foldBatchNorm(device) : undefined },
          x,
        ),
      ),
    );
  expect(relativeError(await run(true), await run(false))).toBeLessThan(1e-5);
});
