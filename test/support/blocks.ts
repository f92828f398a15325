import type { Random } from '../../src/data/random.ts';
import { MBConv, Residual } from '../../src/nn/blocks.ts';
import type { Module } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import type { Device } from '../../src/runtime/device.ts';

type Kinds = ConstructorParameters<typeof MBConv>[3];
const paper = { activation: 'gelu', gate: 'sigmoid', dropout: { p: 0, stream: 0 } } as const satisfies Kinds;
const other = { activation: 'silu', gate: 'hard_sigmoid', dropout: { p: 0, stream: 0 } } as const satisfies Kinds;

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
  residual: [() => new Residual(3, 5, 1, 'gelu'), [3, 3, 8, 8]],
  'residual, stride 2, odd extents': [() => new Residual(3, 5, 2, 'silu'), [3, 3, 7, 5]],
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
