import { expect, test } from 'vitest';
import { reference } from '../../kernels/dropout/reference.ts';
import { defineOp } from '../../src/autograd/op.ts';
import { dropout } from '../../src/autograd/ops/dropout.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { testOp } from '../support/op.ts';

interface HostAttrs {
  readonly p: number;
  readonly seed: readonly [number, number];
  readonly stream: number;
}

/** The op with its seed on the host, where the reference has it. */
const onHost = defineOp({
  name: 'dropout',
  forward(device, inputs: { x: Tensor }, { seed, ...rest }: HostAttrs) {
    const attrs = { ...rest, seed: device.upload(Uint32Array.from(seed), [2], 'u32') };
    return { y: dropout.forward(device, inputs, attrs).y, saved: attrs };
  },
  backward(device, dy, attrs, _, wanted) {
    dropout.backward(device, dy, {}, attrs, wanted);
  },
});

testOp(onHost, reference, {
  'a vector of elements': { inputs: { x: [4, 16] }, attrs: { p: 0.2, seed: [1, 2], stream: 0 } },
  'an odd number': { inputs: { x: [5, 13] }, attrs: { p: 0.5, seed: [0, 0], stream: 1 } },
  'one past a workgroup': { inputs: { x: [1, 4, 5, 13] }, attrs: { p: 0.3, seed: [0xffffffff, 9], stream: 2 } },
  'nothing dropped': { inputs: { x: [3, 3] }, attrs: { p: 0, seed: [4, 5], stream: 3 } },
});

test('dropout masks: reproducible, p of them zero, other ones for another seed, step or stream', async () => {
  const device = await testDevice();
  const n = 100_000;
  const p = 0.3;
  const x = device.upload(new Float32Array(n).fill(1), [n]);
  const seed = device.tensor([2], 'u32');
  const draw = async (seeds: [number, number], stream: number) => {
    device.write(seed, Uint32Array.from(seeds));
    return device.read(dropout.forward(device, { x }, { p, seed, stream }).y);
  };
  const first = await draw([1, 0], 0);
  expect(await draw([1, 0], 0)).toEqual(first);
  for (const other of [first, await draw([2, 0], 0), await draw([1, 1], 0), await draw([1, 0], 1)]) {
    const deviation = Math.sqrt(p / (1 - p) / n);
    expect(Math.abs(other.reduce((a, b) => a + b) / n - 1)).toBeLessThan(5 * deviation);
    if (other === first) continue;
    const both = other.reduce((count, value, i) => count + (value === 0 && first[i] === 0 ? 1 : 0), 0) / n;
    expect(Math.abs(both - p * p)).toBeLessThan(5 * Math.sqrt((p * p) / n));
  }
});

test('dropout refuses to drop everything', async () => {
  const device = await testDevice();
  const x = device.tensor([4]);
  const attrs = { p: 1, seed: device.tensor([2], 'u32'), stream: 0 };
  expect(() => new Tape(device).run(dropout, { x }, attrs)).toThrow('dropout: p must be at least 0 and less than 1');
});
