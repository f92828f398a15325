import { expect, test } from 'vitest';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { MBConv } from '../../src/nn/blocks.ts';
import type { Module } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { requirePrecision } from '../../src/train/step.ts';
import { blocks, expectSame, trainBlock } from '../support/blocks.ts';
import { testDevice } from '../support/device.ts';
import { hasHalf } from '../support/half.ts';
import { normal, relativeError, upload } from '../support/op.ts';

const run = async (create: () => Module, shape: number[], options: { fused?: boolean; half?: boolean }) =>
  trainBlock(await testDevice(), create, shape, options);

test.each(Object.entries(blocks))('%s: fused and layer by layer are the same', async (_, [create, shape]) => {
  expectSame(await run(create, shape, {}), await run(create, shape, { fused: false }));
});

test('an MBConv with dropout drops', async () => {
  const device = await testDevice();
  const block = new MBConv(4, 4, 1, { dropout: { p: 0.5, stream: 3 } });
  const parameters = new ParameterSet(device, block, new Random(3));
  const x = upload(device, normal([3, 4, 8, 8], new Random(4)));
  const output = async (seed: number) => {
    const y = device.tidy(() => {
      const tape = new Tape(device);
      parameters.watch(tape);
      const pass = { tape, training: true, seed: device.upload(Uint32Array.of(1, seed), [2]) };
      return block.forward(pass, x);
    });
    return device.read(y);
  };
  const [one, again, other] = [await output(1), await output(1), await output(2)];
  expect(again).toEqual(one);
  expect(relativeError(other, one)).toBeGreaterThan(0.1);
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
