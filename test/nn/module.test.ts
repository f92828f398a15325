import { expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { MBConv } from '../../src/nn/blocks.ts';
import * as init from '../../src/nn/init.ts';
import { Conv2d, Dropout, Linear } from '../../src/nn/layers.ts';
import { Module, Parameter, type Pass, Sequential } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

const device = await testDevice();
const namesOf = (module: Module) => [...module.named()].map(([name]) => name);
const linear = ['weight', 'bias'];
const under = (...prefixes: string[]) => prefixes.flatMap((prefix) => linear.map((name) => `${prefix}.${name}`));

/** A module that only holds others. */
class Holder extends Module {
  constructor(parts: object) {
    super();
    Object.assign(this, parts);
  }

  forward(_: Pass, x: Tensor): Tensor {
    return x;
  }
}

test('parts are found in arrays and plain objects, under the names of PyTorch', () => {
  const layer = () => new Linear(2, 2);
  const module = new Holder({
    first: layer(),
    size: 4,
    blocks: [layer(), 'text', [layer()]],
    scales: [new Parameter([2], init.ones), new Parameter([3], init.ones)],
    heads: { colour: layer(), form: new Sequential(layer(), new Dropout(0.5), layer()) },
    nothing: undefined,
    last: layer(),
  });
  expect(namesOf(module)).toEqual([
    ...under('first', 'blocks.0', 'blocks.2.0'),
    ...['scales.0', 'scales.1'],
    ...under('heads.colour', 'heads.form.0', 'heads.form.2', 'last'),
  ]);
  expect(module.parameterCount).toBe(7 * 6 + 5);
});

test('declared fields and assigned ones come in the order of their declaration', () => {
  class Net extends Holder {
    readonly second = new Linear(1, 1);
    readonly first = new Linear(1, 1);
  }
  expect(namesOf(new Net({ zeroth: new Linear(1, 1) }))).toEqual(under('zeroth', 'second', 'first'));
});

test('an array of modules is initialised, watched, saved, loaded and folded as properties are', async () => {
  const block = () => new MBConv(4, 4);
  const inArray = new Holder({ blocks: [block(), block()] });
  const inSequence = new Holder({ blocks: new Sequential(block(), block()) });
  const [one, other] = [inArray, inSequence].map((net) => new ParameterSet(device, net, new Random(3)));
  expect(await one.stateDict()).toEqual(await other.stateDict());
  expect(Object.keys(await one.stateDict())).toContain('blocks.1.se.reduce.weight');
  expect(inArray.foldBatchNorm(device).size).toBe(6);
});

/** Two linear layers that are one and the same, and share their weight with a third. */
class Shared extends Module {
  readonly one = new Linear(3, 3);
  readonly again = this.one;
  readonly other = new Linear(3, 3);

  constructor() {
    super();
    (this.other as { weight: Parameter }).weight = this.one.weight;
  }

  forward(pass: Pass, x: Tensor): Tensor {
    return this.other.forward(pass, this.again.forward(pass, this.one.forward(pass, x)));
  }
}

test('a part used more than once has one name, counts once, and gets the sum of its gradients', async () => {
  const net = new Shared();
  expect(namesOf(net)).toEqual(['one.weight', 'one.bias', 'other.bias']);
  expect(net.parameterCount).toBe(9 + 3 + 3);
  const parameters = new ParameterSet(device, net, new Random(1));
  const x = upload(device, normal([5, 3], new Random(2)));
  const dy = upload(device, normal([5, 3], new Random(3)));
  const tape = new Tape(device);
  parameters.watch(tape);
  tape.backward(net.forward({ tape, training: true }, x), dy);
  const gradients = await parameters.readFlat(parameters.gradients);

  // The same net of three layers of their own: its gradients are the addends.
  const apart = new Sequential(new Linear(3, 3), new Linear(3, 3), new Linear(3, 3));
  const copies = new ParameterSet(device, apart, new Random(1));
  const { 'one.weight': weight, 'one.bias': bias, 'other.bias': last } = await parameters.stateDict();
  copies.loadStateDict({
    ...{ '0.weight': weight, '1.weight': weight, '2.weight': weight, '0.bias': bias, '1.bias': bias, '2.bias': last },
  });
  const each = new Tape(device);
  copies.watch(each);
  each.backward(apart.forward({ tape: each, training: true }, x), dy);
  const addends = await copies.readFlat(copies.gradients);
  const sum = (...names: string[]) =>
    addends[names[0]].data.map((_, i) => names.reduce((total, name) => total + addends[name].data[i], 0));
  expect(relativeError(gradients['one.weight'].data, sum('0.weight', '1.weight', '2.weight'))).toBeLessThan(1e-6);
  expect(relativeError(gradients['one.bias'].data, sum('0.bias', '1.bias'))).toBeLessThan(1e-6);
  expect(relativeError(gradients['other.bias'].data, addends['2.bias'].data)).toBeLessThan(1e-6);
});

test('a module that contains itself is refused by name', () => {
  const inner = new Holder({ layer: new Linear(1, 1) });
  const outer = new Holder({ blocks: [inner] });
  Object.assign(inner, { parent: outer });
  const message = "named(): a module must not contain itself, got 'blocks.0.parent'";
  expect(() => namesOf(outer)).toThrow(message);
  expect(() => outer.foldBatchNorm(device)).toThrow(message);
  expect(() => new ParameterSet(device, outer, new Random(0))).toThrow(message);
});

test('one that occurs twice without containing itself is not refused', () => {
  const shared = new Sequential(new Linear(1, 1));
  expect(namesOf(new Sequential(shared, new Sequential(shared)))).toEqual(under('0.0'));
});

test('a module that has no tensors yet says what it lacks', () => {
  const pass = { tape: new Tape(device), training: false };
  expect(() => new Conv2d(1, 1, 1).forward(pass, device.tensor([1, 1, 1, 1]))).toThrow('ParameterSet');
});

test('dropouts of a net have their own masks without being numbered, the same in each pass of a step', async () => {
  const once = new Dropout(0.5);
  const net = new Sequential(once, new Dropout(0.5), once);
  const x = device.upload(new Float32Array(4096).fill(1), [64, 64]);
  const seed = device.upload(Uint32Array.of(1, 2), [2]);
  const kept = async () => {
    const tape = new Tape(device);
    const pass = { tape, training: true, seed };
    const masks = net.modules.map((module) => module.forward(pass, x));
    return Promise.all(masks.map(async (mask) => (await device.read(mask)).map((value) => (value > 0 ? 1 : 0))));
  };
  const masks = await kept();
  expect(await kept()).toEqual(masks);
  for (const [i, one] of masks.entries()) {
    for (const other of masks.slice(i + 1)) {
      // Independent masks of p = 1/2 agree in half of the elements.
      const same = one.reduce((count, value, at) => count + (value === other[at] ? 1 : 0), 0) / one.length;
      expect(Math.abs(same - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / one.length));
    }
  }
});

test('a numbered dropout keeps its masks whatever runs before it', async () => {
  const x = device.upload(new Float32Array(256).fill(1), [256]);
  const seed = device.upload(Uint32Array.of(1, 2), [2]);
  const numbered = new Dropout(0.5, 3);
  const after = (...before: Module[]) => {
    const pass = { tape: new Tape(device), training: true, seed };
    for (const module of before) module.forward(pass, x);
    return device.read(numbered.forward(pass, x));
  };
  expect(await after(new Dropout(0.5))).toEqual(await after());
});

test('dropout without a seed is refused in training, and does nothing in evaluation', () => {
  const x = device.tensor([4]);
  const pass = { tape: new Tape(device), training: true };
  expect(() => new Dropout(0.5).forward(pass, x)).toThrow('must have a seed');
  expect(new Dropout(0.5).forward({ ...pass, training: false }, x)).toBe(x);
});

test('dropout without a stream has the right gradient', async () => {
  const seed = device.upload(Uint32Array.of(1, 2), [2]);
  const net = new Sequential(new Dropout(0.3), new Dropout(0.3));
  const x = upload(device, normal([4, 16], new Random(1)));
  await gradcheck(device, (tape, { x }) => net.forward({ tape, training: true, seed }, x), { x });
});
