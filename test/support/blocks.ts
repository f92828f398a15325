import { expect } from 'vitest';
import type { HostArray } from '../../kernels/common/reference.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { MBConv, Residual } from '../../src/nn/blocks.ts';
import type { Module } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import type { Device } from '../../src/runtime/device.ts';
import { rounded } from './half.ts';
import { normal, relativeError } from './op.ts';

type Kinds = ConstructorParameters<typeof MBConv>[3];
const paper = { activation: 'gelu', gate: 'sigmoid', dropout: { p: 0, stream: 0 } } as const satisfies Kinds;
const other = { activation: 'silu', gate: 'hard_sigmoid', dropout: { p: 0, stream: 0 } } as const satisfies Kinds;
const third = { activation: 'hard_swish', gate: 'gelu', dropout: { p: 0, stream: 0 } } as const satisfies Kinds;

/** MobileNetV3's block: no bn0, a shortcut only where it is x itself. */
const mobile = { bn0: 'absent', shortcut: 'identity', gate: 'hard_sigmoid' } as const satisfies Kinds;
const se = { reduced: 3, activation: 'relu' } as const;

/** Blocks of every kind, each with the shape of an input. */
export const blocks: Record<string, [() => Module, number[]]> = {
  mbconv: [() => new MBConv(4, 4, 1, paper), [3, 4, 8, 8]],
  'mbconv, odd extents': [() => new MBConv(5, 5, 1, other), [3, 5, 5, 7]],
  'mbconv, wider than a tile': [() => new MBConv(16, 16, 1, paper), [2, 16, 8, 16]],
  'mbconv, one pixel': [() => new MBConv(4, 4, 1, paper), [5, 4, 1, 1]],
  'mbconv that widens': [() => new MBConv(3, 5, 1, other), [3, 3, 4, 8]],
  'mbconv, stride 2': [() => new MBConv(4, 6, 2, paper), [3, 4, 8, 16]],
  'mbconv, stride 2, odd extents': [() => new MBConv(3, 4, 2, other), [3, 3, 7, 5]],
  'mbconv, stride 2, odd height': [() => new MBConv(3, 4, 2, paper), [3, 3, 7, 8]],
  'mbconv, large planes': [() => new MBConv(3, 3, 1, paper), [2, 3, 36, 40]],
  'mbconv, a gate whose slope does not follow from its value': [() => new MBConv(4, 4, 1, third), [3, 4, 8, 8]],
  'mbconv, bn0 unused': [() => new MBConv(4, 4, 1, { ...paper, bn0: false }), [3, 4, 8, 8]],
  'mbconv, 5×5 kernel': [
    () => new MBConv(4, 6, 1, { ...mobile, kernel: 5, activation: 'hard_swish', se }),
    [3, 4, 8, 8],
  ],
  'mbconv, 5×5 kernel, identity shortcut, odd extents': [
    () => new MBConv(4, 4, 1, { ...mobile, kernel: 5, expand: 9, activation: 'hard_swish', se }),
    [3, 4, 5, 7],
  ],
  'mbconv, 5×5 kernel, stride 2': [
    () => new MBConv(4, 6, 2, { ...mobile, kernel: 5, expand: 10, activation: 'silu', se }),
    [3, 4, 8, 16],
  ],
  'mbconv, 5×5 kernel, stride 2, odd extents': [
    () => new MBConv(3, 4, 2, { ...paper, kernel: 5, expand: 7 }),
    [3, 3, 7, 5],
  ],
  'mbconv, 5×5 kernel, large planes': [
    () => new MBConv(3, 3, 1, { ...mobile, kernel: 5, activation: 'none', se }),
    [2, 3, 36, 40],
  ],
  'mbconv without a gate': [
    () => new MBConv(4, 4, 1, { ...mobile, expand: 11, activation: 'silu', se: 'absent' }),
    [3, 4, 8, 8],
  ],
  'mbconv without a gate, stride 2': [
    () => new MBConv(4, 6, 2, { ...mobile, expand: 11, activation: 'gelu', se: 'absent' }),
    [3, 4, 8, 16],
  ],
  'mbconv without an expansion': [
    () => new MBConv(4, 6, 2, { ...mobile, expand: 'absent', activation: 'relu', se }),
    [3, 4, 8, 8],
  ],
  'mbconv without an expansion, of a large batch': [
    () => new MBConv(4, 6, 1, { ...mobile, expand: 'absent', activation: 'silu', se }),
    [97, 4, 8, 8],
  ],
  'mbconv without an expansion, with a shortcut': [
    () => new MBConv(4, 4, 1, { ...mobile, expand: 'absent', activation: 'hard_swish', kernel: 5, se: 'absent' }),
    [3, 4, 7, 8],
  ],
  'mbconv, other rates of its norms': [
    () => new MBConv(4, 4, 1, { ...paper, rates: { eps: 1e-2, momentum: 0.3 } }),
    [3, 4, 8, 8],
  ],
  residual: [() => new Residual(3, 5, 1, 'gelu'), [3, 3, 8, 8]],
  'residual, stride 2, odd extents': [() => new Residual(3, 5, 2, 'silu'), [3, 3, 7, 5]],
  'residual, hard swish': [() => new Residual(3, 5, 1, 'hard_swish'), [3, 3, 8, 8]],
};

/** A module's parameters, γ and β away from 1 and 0 and running statistics from 0 and 1. */
export async function unevenParameters(device: Device, module: Module, random: Random): Promise<ParameterSet> {
  const parameters = new ParameterSet(device, module, random);
  const state = await parameters.stateDict();
  for (const [name, { data }] of Object.entries(state)) {
    if (/bn\d/.test(name)) for (let i = 0; i < data.length; i++) data[i] += 0.3 * random.uniform();
  }
  parameters.loadStateDict(state);
  return parameters;
}

/** Output, gradients and running statistics of a training pass, on the same numbers whatever they are stored as. */
export async function trainBlock(
  device: Device,
  create: () => Module,
  shape: number[],
  { fused = true, half = false }: { fused?: boolean; half?: boolean },
): Promise<Record<string, Float32Array>> {
  const block = create();
  const random = new Random(3);
  const parameters = await unevenParameters(device, block, random);
  const store = ({ data, shape }: HostArray) =>
    half ? device.upload(Float32Array.from(data), shape, 'f16') : device.upload(rounded(data), shape);
  const x = store(normal(shape, random));
  const { y, dx } = device.tidy(() => {
    const tape = new Tape(device);
    parameters.watch(tape);
    tape.watch(x);
    const y = block.forward({ tape, training: true, fused }, x);
    const dy = store(normal(y.shape, random));
    return { y, dx: tape.backward(y, dy).get(x)! };
  });
  return {
    y: await device.read(y),
    dx: await device.read(dx),
    ...Object.fromEntries(
      Object.entries(await parameters.readFlat(parameters.gradients)).map(([k, { data }]) => [`d${k}`, data]),
    ),
    ...Object.fromEntries(Object.entries(await parameters.stateDict()).map(([k, { data }]) => [k, data])),
  };
}

/** Expects two results of `trainBlock` to be the same but for rounding. */
export function expectSame(got: Record<string, Float32Array>, want: Record<string, Float32Array>): void {
  expect(Object.keys(got)).toEqual(Object.keys(want));
  for (const name of Object.keys(want)) {
    // What is added in front of a normalisation has no gradient, but for rounding layer by layer.
    const tolerance = /^d(bn0|conv\d).bias$/.test(name) ? 2e-2 : 2e-5;
    expect(relativeError(got[name], want[name]), name).toBeLessThan(tolerance);
  }
}
