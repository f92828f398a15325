import { expect, test } from 'vitest';
import { conv3x3 } from '../../src/autograd/ops/conv3x3.ts';
import { depthwise } from '../../src/autograd/ops/depthwise.ts';
import { pointwise } from '../../src/autograd/ops/pointwise.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { MBConv, Residual } from '../../src/nn/blocks.ts';
import type { Module } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { gpuCapabilities } from '../../src/runtime/capabilities.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Shape, Tensor } from '../../src/runtime/tensor.ts';
import { openDevice, testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

// GPUs get other tiles than the software adapters that tests usually run on.

type Run = (tape: Tape, x: Tensor, weight: Tensor) => Tensor;
const conv =
  (stride: number): Run =>
  (tape, x, weight) =>
    tape.run(conv3x3, { x, weight }, { stride });
const deep =
  (stride: number): Run =>
  (tape, x, weight) =>
    tape.run(depthwise, { x, weight }, { stride });
const point =
  (stride: number): Run =>
  (tape, x, weight) =>
    tape.run(pointwise, { x, weight }, { stride });

const cases: [string, Run, x: Shape, weight: Shape][] = [
  ['conv3x3, several tiles', conv(1), [2, 9, 18, 16], [18, 9, 3, 3]],
  ['conv3x3, many channels', conv(1), [2, 33, 6, 8], [40, 33, 3, 3]],
  ['conv3x3, many channels, stride 2, odd rows', conv(2), [2, 33, 7, 5], [40, 33, 3, 3]],
  ['conv3x3, stride 2', conv(2), [2, 9, 7, 16], [11, 9, 3, 3]],
  ['conv3x3, two vectors a thread', conv(1), [1, 1, 1024, 512], [4, 1, 3, 3]],
  ['depthwise', deep(1), [2, 3, 18, 16], [3, 1, 3, 3]],
  ['depthwise, stride 2', deep(2), [2, 3, 17, 16], [3, 1, 3, 3]],
  ['depthwise 5×5', deep(1), [2, 3, 18, 16], [3, 1, 5, 5]],
  ['depthwise 5×5, stride 2', deep(2), [2, 3, 17, 16], [3, 1, 5, 5]],
  ['depthwise 5×5, odd plane', deep(2), [2, 3, 33, 17], [3, 1, 5, 5]],
  ['depthwise, high bands', deep(1), [1, 1, 1026, 1020], [1, 1, 3, 3]],
  ['pointwise, several tiles', point(1), [2, 19, 5, 8], [21, 19, 1, 1]],
  ['pointwise, many channels', point(1), [3, 37, 5, 8], [70, 37, 1, 1]],
  ['pointwise, many channels, stride 2, odd rows', point(2), [2, 40, 7, 5], [33, 40, 1, 1]],
  ['pointwise, stride 2', point(2), [2, 3, 7, 5], [9, 3, 1, 1]],
  ['pointwise, two vectors a thread', point(1), [1, 2, 1024, 513], [2, 2, 1, 1]],
];

for (const [name, op, xShape, weightShape] of cases) {
  test(`a GPU's tiles give the same: ${name}`, async () => {
    const gpu = await openDevice({ capabilities: gpuCapabilities });
    const run = async (device: Device) => {
      const random = new Random(5);
      const tape = new Tape(device);
      const x = tape.watch(upload(device, normal(xShape, random)));
      const weight = tape.watch(upload(device, normal(weightShape, random)));
      const y = op(tape, x, weight);
      const gradients = tape.backward(y, upload(device, normal(y.shape, random)));
      return Promise.all([y, gradients.get(x)!, gradients.get(weight)!].map((tensor) => device.read(tensor)));
    };
    const want = await run(await testDevice());
    const got = await run(gpu);
    gpu.destroy();
    for (let i = 0; i < 3; i++) expect(relativeError(got[i], want[i])).toBeLessThan(1e-5);
  });
}

const kinds = { activation: 'gelu', gate: 'sigmoid', dropout: { p: 0, stream: 0 } } as const;

const blocks: [string, () => Module, Shape][] = [
  ['mbconv', () => new MBConv(4, 4, 1, kinds), [2, 4, 8, 8]],
  ['mbconv, stride 2', () => new MBConv(3, 4, 2, kinds), [2, 3, 8, 8]],
  ['residual, stride 2', () => new Residual(3, 4, 2, 'silu'), [2, 3, 8, 8]],
];

for (const [name, create, shape] of blocks) {
  test(`a GPU's tiles give the same: ${name}`, async () => {
    const gpu = await openDevice({ capabilities: gpuCapabilities });
    const run = async (device: Device) => {
      const random = new Random(6);
      const block = create();
      const parameters = new ParameterSet(device, block, random);
      const x = upload(device, normal(shape, random));
      const tape = new Tape(device);
      parameters.watch(tape);
      tape.watch(x);
      const y = block.forward({ tape, training: true }, x);
      const gradients = tape.backward(y, upload(device, normal(y.shape, random)));
      const outputs = await Promise.all([y, gradients.get(x)!].map((tensor) => device.read(tensor)));
      return [...outputs, ...Object.values(await parameters.readFlat(parameters.gradients)).map(({ data }) => data)];
    };
    const want = await run(await testDevice());
    const got = await run(gpu);
    gpu.destroy();
    for (let i = 0; i < want.length; i++) expect(relativeError(got[i], want[i])).toBeLessThan(1e-4);
  });
}
