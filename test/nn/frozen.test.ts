import { beforeAll, expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { crossEntropy } from '../../src/autograd/ops/cross_entropy.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { MBConv, Residual } from '../../src/nn/blocks.ts';
import { BatchNorm2d, Conv2d, Linear } from '../../src/nn/layers.ts';
import { type Module, Sequential } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { GlobalAvgPool, MaxPool2d } from '../../src/nn/stateless.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { blocks, unevenParameters } from '../support/blocks.ts';
import { testDevice } from '../support/device.ts';
import { normal, upload } from '../support/op.ts';

let device: Device;
let x: Tensor;
let targets: Tensor;
beforeAll(async () => {
  device = await testDevice();
  x = upload(device, normal([3, 3, 8, 8], new Random(2)));
  targets = device.upload(Int32Array.of(0, 1, 2), [3]);
});

/** A forward and a backward pass of a loss on the logits of `module`. */
function backward(module: Module, parameters: ParameterSet, input = x): void {
  const tape = new Tape(device);
  parameters.watch(tape);
  const logits = module.forward({ tape, training: true }, input);
  const loss = tape.run(crossEntropy, { logits }, { targets, labelSmoothing: 0 });
  tape.backward(loss, device.upload(Float32Array.of(1), [1]));
}

/** Layers without batch statistics, which would differ between a frozen and a trained net. */
const plainNet = () =>
  new Sequential(new Conv2d(3, 8, 3), new MaxPool2d(), new Conv2d(8, 8, 1), new GlobalAvgPool(), new Linear(8, 3));

test.each([
  ['the first layer', [0]],
  ['a layer in the middle', [2]],
  ['all but the last', [0, 2]],
])('with %s frozen, the gradients of the others have the same bits', async (_, frozen) => {
  const net = plainNet();
  for (const i of frozen) net.modules[i].freeze();
  const [all, some] = await Promise.all(
    [plainNet(), net].map(async (module) => {
      const parameters = new ParameterSet(device, module, new Random(1));
      device.tidy(() => backward(module, parameters));
      return { state: await parameters.stateDict(), gradients: await parameters.readFlat(parameters.gradients) };
    }),
  );
  expect(some.state).toEqual(all.state);
  const isFrozen = (name: string) => frozen.includes(Number(name[0]));
  const expected = Object.entries(all.gradients).filter(([name]) => !isFrozen(name));
  expect(some.gradients).toEqual(Object.fromEntries(expected));
});

/** Blocks and a head. Frozen, the blocks are what a pretrained net is to its new head. */
function transferNet() {
  const body = new Sequential(new Residual(3, 4), new MBConv(4, 6, 2));
  const head = new Sequential(new Conv2d(6, 6, 1), new GlobalAvgPool(), new Linear(6, 3));
  return { body, head, net: new Sequential(body, head) };
}

test('a step of a net with a frozen body has the dispatches of its evaluation and of a step of its head', async () => {
  const { body, head, net } = transferNet();
  body.freeze();
  const parameters = new ParameterSet(device, net, new Random(1));
  const optimizer = new AdamW(device, parameters, { amsgrad: true, averageDecay: 0.9 });
  const upstream = device.upload(Float32Array.of(1), [1]);
  const step = (module: Module, parameters: ParameterSet, optimizer: AdamW, input: Tensor) => {
    const tape = new Tape(device);
    parameters.watch(tape);
    const logits = module.forward({ tape, training: true }, input);
    tape.backward(tape.run(crossEntropy, { logits }, { targets, labelSmoothing: 0 }), upstream);
    optimizer.step();
  };
  const whole = await device.record(() => step(net, parameters, optimizer, x));
  const evaluation = await device.record(() => body.forward({ tape: new Tape(device), training: false }, x));
  const ofHead = new ParameterSet(device, head, new Random(1));
  const headOptimizer = new AdamW(device, ofHead, { amsgrad: true, averageDecay: 0.9 });
  const training = await device.record(() => step(head, ofHead, headOptimizer, evaluation.result));
  const paths = [evaluation, training].map(({ commands }) => commands.map(({ kernel }) => kernel.path));
  expect(whole.commands.map(({ kernel }) => kernel.path)).toEqual(paths.flat());
});

test('frozen parameters have no gradients and no optimizer state in memory', () => {
  const sizes = (freeze: boolean) => {
    const { inUse } = device.memory;
    const { body, net } = transferNet();
    if (freeze) body.freeze();
    const parameters = new ParameterSet(device, net, new Random(1));
    const ofSet = device.memory.inUse - inUse;
    new AdamW(device, parameters, { amsgrad: true, averageDecay: 0.9 });
    return { ofSet, ofOptimizer: device.memory.inUse - inUse - ofSet, trainable: 4 * parameters.values.shape[0] };
  };
  const [all, head] = [sizes(false), sizes(true)];
  const frozen = all.trainable - head.trainable;
  expect(frozen).toBeGreaterThan(head.trainable);
  expect(all.ofSet - head.ofSet).toBe(frozen);
  expect(all.ofOptimizer - head.ofOptimizer).toBe(4 * frozen);
});

test('training changes neither frozen parameters nor their running statistics, and all are saved and loaded', async () => {
  const { body, net } = transferNet();
  body.freeze();
  const parameters = new ParameterSet(device, net, new Random(1));
  const before = await parameters.stateDict();
  const optimizer = new AdamW(device, parameters);
  for (let i = 0; i < 2; i++) {
    optimizer.prepare({ learningRate: 0.1, weightDecay: 0.1 });
    device.tidy(() => {
      backward(net, parameters);
      optimizer.step();
    });
  }
  const after = await parameters.stateDict();
  for (const [name, { data }] of Object.entries(after)) {
    if (name.startsWith('0.')) expect(data, name).toEqual(before[name].data);
    else expect(data, name).not.toEqual(before[name].data);
  }
  // Into a net that trains all of them, and back.
  const trainable = new ParameterSet(device, transferNet().net, new Random(2));
  trainable.loadStateDict(after);
  expect(await trainable.stateDict()).toEqual(after);
  parameters.loadStateDict(before);
  expect(await parameters.stateDict()).toEqual(before);
});

test.each(Object.entries(blocks))(
  '%s, frozen: trains as it evaluates, and passes gradients on',
  async (_, [create, shape]) => {
    const block = create().freeze();
    await unevenParameters(device, block, new Random(3));
    const input = upload(device, normal(shape, new Random(4)));
    const run = (training: boolean) => device.tidy(() => block.forward({ tape: new Tape(device), training }, input));
    const [trained, evaluated] = [await device.read(run(true)), await device.read(run(false))];
    expect(trained).toEqual(evaluated);
    const forward = (tape: Tape, { x }: Record<string, Tensor>) => block.forward({ tape, training: true }, x);
    await gradcheck(device, forward, { x: input }, { eps: 2e-3, tolerance: 2e-2 });
  },
);

test.each(['mbconv, stride 2', 'residual'])('%s, frozen: only the gradient of its input is computed', async (name) => {
  const [create, shape] = blocks[name];
  const block = create().freeze();
  const parameters = new ParameterSet(device, block, new Random(1));
  const input = upload(device, normal(shape, new Random(4)));
  const { commands } = await device.record(() => {
    const tape = new Tape(device);
    parameters.watch(tape);
    tape.watch(input);
    const y = block.forward({ tape, training: true }, input);
    return tape.backward(y, y).get(input)!;
  });
  const paths = commands.map(({ kernel }) => kernel.path.replace('kernels/', ''));
  expect(paths).toContain('batch_norm/backward_input.wgsl');
  expect(paths.filter((path) => /backward_weight|backward_layers|reduce|merge|outer|channel_sum/.test(path))).toEqual(
    [],
  );
});

test('a frozen normalisation in a block that trains: running statistics there, batch statistics elsewhere', async () => {
  const block = new MBConv(4, 4);
  block.bn1!.freeze();
  const parameters = await unevenParameters(device, block, new Random(3));
  const { running_mean: frozen } = block.bn1!;
  const before = [await device.read(frozen.tensor), await device.read(block.bn2.running_mean.tensor)];
  const input = upload(device, normal([3, 4, 5, 4], new Random(4)));
  const weights = Object.fromEntries([...block.named()].filter(([name]) => /weight/.test(name) && !/bn/.test(name)));
  const tensors = Object.fromEntries(Object.entries(weights).map(([name, { tensor }]) => [name, tensor]));
  const forward = (tape: Tape, { x, ...moved }: Record<string, Tensor>) => {
    for (const [name, parameter] of Object.entries(weights)) parameter.tensor = moved[name];
    return block.forward({ tape, training: true }, x);
  };
  await gradcheck(device, forward, { x: input, ...tensors }, { eps: 2e-3, tolerance: 2e-2 });
  expect(await device.read(frozen.tensor)).toEqual(before[0]);
  expect(await device.read(block.bn2.running_mean.tensor)).not.toEqual(before[1]);
  expect(Object.keys(await parameters.readFlat(parameters.gradients))).not.toContain('bn1.weight');
});

test('a block with some parameters frozen still trains as one op, to the same gradients', async () => {
  const gradients = async (freeze: (block: MBConv) => void) => {
    const block = new MBConv(4, 6, 2);
    freeze(block);
    const parameters = await unevenParameters(device, block, new Random(3));
    const input = upload(device, normal([3, 4, 8, 8], new Random(4)));
    const tape = new Tape(device);
    parameters.watch(tape);
    const y = block.forward({ tape, training: true }, input);
    tape.backward(y, upload(device, normal(y.shape, new Random(5))));
    return parameters.readFlat(parameters.gradients);
  };
  const all = await gradients(() => {});
  const some = await gradients(({ expand, se }) => {
    for (const module of [expand!, se!.reduce]) module.freeze();
  });
  const { 'expand.weight': _1, 'se.reduce.weight': _2, 'se.reduce.bias': _3, ...others } = all;
  expect(some).toEqual(others);
});

test('frozen tells whether all parameters are, and unfreeze undoes it', () => {
  const net = new Sequential(new Linear(1, 1), new BatchNorm2d(2));
  expect(net.frozen).toBe(false);
  net.modules[0].freeze();
  expect([net.frozen, net.modules[0].frozen]).toEqual([false, true]);
  expect(net.freeze().frozen).toBe(true);
  expect(net.unfreeze().modules.map(({ frozen }) => frozen)).toEqual([false, false]);
  expect(new Sequential(new MaxPool2d()).freeze().frozen).toBe(false);
});

test('a change after the ParameterSet was made is an error when training begins', () => {
  const net = plainNet();
  net.modules[0].freeze();
  const parameters = new ParameterSet(device, net, new Random(1));
  net.modules[2].freeze();
  expect(() => parameters.watch(new Tape(device))).toThrow("got '2.weight' frozen since");
  net.unfreeze();
  expect(() => parameters.watch(new Tape(device))).toThrow("got '0.weight' unfrozen since");
  const other = new ParameterSet(device, net, new Random(1));
  other.watch(new Tape(device));
  expect((net.modules[0] as Conv2d).weight.gradient).toBeDefined();
});
