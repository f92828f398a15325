import { expect, test } from 'vitest';
import type { HostArray } from '../../kernels/common/reference.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { MBConv, Residual } from '../../src/nn/blocks.ts';
import type { Module } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { requirePrecision } from '../../src/train/step.ts';
import { testDevice } from '../support/device.ts';
import { hasHalf, readAny, rounded, uploadHalf } from '../support/half.ts';
import { normal, relativeError } from '../support/op.ts';

type Kinds = ConstructorParameters<typeof MBConv>[3];
const paper = { activation: 'gelu', gate: 'sigmoid', dropout: { p: 0, stream: 0 } } as const satisfies Kinds;
const other = { activation: 'silu', gate: 'hard_sigmoid', dropout: { p: 0, stream: 0 } } as const satisfies Kinds;

const blocks: Record<string, [() => Module, number[]]> = {
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

/** Output, gradients and running statistics of a training pass, on the same numbers whatever they are stored as. */
async function run(create: () => Module, shape: number[], { fused = true, half = false }) {
  const device = await testDevice();
  const block = create();
  const random = new Random(3);
  const parameters = new ParameterSet(device, block, random);
  const state = await parameters.stateDict();
  for (const [name, { data }] of Object.entries(state)) {
    // γ and β away from 1 and 0, running statistics from 0 and 1.
    if (/bn\d/.test(name)) for (let i = 0; i < data.length; i++) data[i] += 0.3 * random.uniform();
  }
  parameters.loadStateDict(state);
  const store = ({ data, shape }: HostArray) =>
    half ? uploadHalf(device, data, shape) : device.upload(rounded(data), shape);
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
    y: await readAny(device, y),
    dx: await readAny(device, dx),
    ...Object.fromEntries(Object.entries(await parameters.gradientDict()).map(([k, { data }]) => [`d${k}`, data])),
    ...Object.fromEntries(Object.entries(await parameters.stateDict()).map(([k, { data }]) => [k, data])),
  } as Record<string, Float32Array>;
}

test.each(Object.entries(blocks))('%s: fused and layer by layer are the same', async (_, [create, shape]) => {
  const want = await run(create, shape, { fused: false });
  const got = await run(create, shape, {});
  expect(Object.keys(got)).toEqual(Object.keys(want));
  for (const name of Object.keys(want)) {
    // What is added in front of a normalisation has no gradient, but for rounding layer by layer.
    const tolerance = /^d(bn0|conv\d).bias$/.test(name) ? 5e-3 : 2e-5;
    expect(relativeError(got[name], want[name]), name).toBeLessThan(tolerance);
  }
});

const device = await testDevice();
if (hasHalf(device)) {
  for (const fused of [true, false]) {
    const name = fused ? 'fused' : 'layer by layer';
    test.each(Object.entries(blocks))(`%s: f16 is near f32, ${name}`, async (_, [create, shape]) => {
      const want = await run(create, shape, { fused });
      const got = await run(create, shape, { fused, half: true });
      for (const key of Object.keys(want)) {
        // f16 keeps 11 bits: 5e-4 an operation, and a gradient that is 0 drowns in the rounding of what it is a sum of.
        const noise = /^d(bn0|conv\d).bias$/.test(key) ? 2 : 0;
        expect(relativeError(got[key], want[key]), key).toBeLessThan(2e-2 + noise);
      }
    });
  }
} else {
  test('mixed precision is refused where the adapter has no f16', () => {
    expect(() => requirePrecision(device, 'mixed')).toThrow('shader-f16');
  });
}
