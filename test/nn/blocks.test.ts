import { expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import type { ActivationKind } from '../../src/autograd/ops/activation.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { MBConv, Residual } from '../../src/nn/blocks.ts';
import { SqueezeExcite } from '../../src/nn/layers.ts';
import type { Module, Parameter } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { testDevice } from '../support/device.ts';
import { normal, upload } from '../support/op.ts';

const mbconv = (cIn: number, channels: number, stride: 1 | 2, activation: ActivationKind, gate: ActivationKind) =>
  new MBConv(cIn, channels, stride, { activation, gate, dropout: { p: 0, stream: 0 } });

const blocks: Record<string, [Module, number[]]> = {
  'residual from one channel': [new Residual(1, 4, 1, 'gelu'), [3, 1, 5, 4]],
  'residual, stride 2, SiLU': [new Residual(3, 5, 2, 'silu'), [3, 3, 8, 8]],
  'squeeze-excite': [new SqueezeExcite(8, { activation: 'gelu', gate: 'sigmoid' }), [2, 8, 3, 3]],
  mbconv: [mbconv(4, 4, 1, 'gelu', 'sigmoid'), [3, 4, 5, 5]],
  'mbconv that widens': [mbconv(3, 4, 1, 'silu', 'hard_sigmoid'), [3, 3, 4, 4]],
  'mbconv, stride 2': [mbconv(4, 6, 2, 'gelu', 'hard_sigmoid'), [3, 4, 8, 8]],
};

test.each(Object.entries(blocks))('%s: gradients of the input and of every parameter', async (_, [block, shape]) => {
  const device = await testDevice();
  new ParameterSet(device, block, new Random(1));
  const parameters = [...block.named()].filter(([name]) => !name.includes('running_')) as [string, Parameter][];
  const inputs = { x: upload(device, normal(shape, new Random(2))) };
  const values = Object.fromEntries(parameters.map(([name, { tensor }]) => [name, tensor]));
  // In training mode, a bias in front of a BatchNorm has no gradient: evaluation mode lets all be checked.
  for (const training of [true, false]) {
    const error = await gradcheck(
      device,
      (tape, { x, ...moved }) => {
        for (const [name, parameter] of parameters) parameter.tensor = moved[name];
        return block.forward({ tape, training }, x);
      },
      { ...inputs, ...values },
      // Small steps: max pools and hard sigmoids have kinks.
      { eps: 2e-3, tolerance: 2e-2 },
    );
    expect(error).toBeLessThan(2e-2);
  }
});

test('parameters go by PyTorch names, in its order', () => {
  const names = [...mbconv(4, 4, 2, 'gelu', 'sigmoid').named()].map(([name]) => name);
  expect(names.filter((name) => !name.startsWith('bn'))).toEqual([
    ...['expand.weight', 'depthwise.weight', 'se.reduce.weight', 'se.reduce.bias', 'se.expand.weight'],
    ...['se.expand.bias', 'project.weight', 'shortcut.weight'],
  ]);
});

test.each([true, false])('bn0, if unused, changes nothing and gets no gradient (training: %s)', async (training) => {
  const device = await testDevice();
  const x = upload(device, normal([2, 4, 4, 4], new Random(2)));
  const run = async (bn0: boolean, gamma: number) => {
    const options = { activation: 'gelu', gate: 'sigmoid', dropout: { p: 0, stream: 0 }, bn0 } as const;
    const block = new MBConv(4, 4, 1, options);
    const parameters = new ParameterSet(device, block, new Random(1));
    device.write(block.bn0!.weight.tensor, new Float32Array(4).fill(gamma));
    const folded = training ? undefined : block.foldBatchNorm(device);
    const tape = new Tape(device);
    if (training) parameters.watch(tape);
    const y = block.forward({ tape, training, folded }, x);
    if (training) tape.backward(y, x);
    return { y: await device.read(y), gradient: await device.read(block.bn0!.weight.gradient!) };
  };
  const unused = await run(false, 3);
  expect(unused.y).toEqual((await run(false, 1)).y);
  expect(unused.y).not.toEqual((await run(true, 3)).y);
  expect([...unused.gradient]).toEqual([0, 0, 0, 0]);
});
