import { expect, test } from 'vitest';
import type { HostArray } from '../../kernels/common/reference.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Module } from '../../src/nn/module.ts';
import { requirePrecision } from '../../src/train/step.ts';
import { blocks, unevenParameters } from '../support/blocks.ts';
import { testDevice } from '../support/device.ts';
import { hasHalf, readAny, rounded, uploadHalf } from '../support/half.ts';
import { normal, relativeError } from '../support/op.ts';

/** Output, gradients and running statistics of a training pass, on the same numbers whatever they are stored as. */
async function run(create: () => Module, shape: number[], { fused = true, half = false }) {
  const device = await testDevice();
  const block = create();
  const random = new Random(3);
  const parameters = await unevenParameters(device, block, random);
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
    ...Object.fromEntries(
      Object.entries(await parameters.vectorDict(parameters.gradients)).map(([k, { data }]) => [`d${k}`, data]),
    ),
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
