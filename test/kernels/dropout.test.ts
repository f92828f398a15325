import { expect, test } from 'vitest';
import { reference } from '../../kernels/dropout/reference.ts';
import { dropout } from '../../src/autograd/ops/dropout.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/runtime/device.ts';
import { sizeOf, type Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { type OpCase, testOp } from '../support/op.ts';

interface HostAttrs {
  readonly p: number;
  readonly seed: readonly [number, number];
  readonly stream: number;
}

/** The seed as a tensor. */
const attrsOn = (device: Device, { seed, ...attrs }: HostAttrs) => ({
  ...attrs,
  seed: device.upload(Uint32Array.from(seed), [2]),
});

const cases: Record<string, OpCase<HostAttrs>> = {
  'a vector of elements': { inputs: { x: [4, 16] }, attrs: { p: 0.2, seed: [1, 2], stream: 0 } },
  'an odd number': { inputs: { x: [5, 13] }, attrs: { p: 0.5, seed: [0, 0], stream: 1 } },
  'one past a workgroup': { inputs: { x: [1, 4, 5, 13] }, attrs: { p: 0.3, seed: [0xffffffff, 9], stream: 2 } },
  'nothing dropped': { inputs: { x: [3, 3] }, attrs: { p: 0, seed: [4, 5], stream: 3 } },
};
testOp(dropout, reference, cases, attrsOn);

test('dropout masks: reproducible, p of them zero, other ones for another seed, step or stream', async () => {
  const device = await testDevice();
  const n = 100_000;
  const p = 0.3;
  const x = device.upload(new Float32Array(n).fill(1), [n]);
  const seed = device.tensor([2], 'u32');
  const draw = async (seeds: [number, number], stream: number) => {
    device.write(seed, Uint32Array.from(seeds));
    return device.read(new Tape(device).run(dropout, { x }, { p, seed, stream }));
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

test.each([
  ['a picture of whole vectors', [6, 2, 4, 4]],
  ['a picture of an odd number of elements', [6, 3, 5, 5]],
])('micro-batches have the masks of the whole batch: %s', async (_, [n, ...picture]) => {
  const device = await testDevice();
  const perPicture = sizeOf(picture);
  const ones = (count: number) => device.upload(new Float32Array(count * perPicture).fill(1), [count, ...picture]);
  const drop = async (x: Tensor, ...seed: number[]) => {
    const attrs = { p: 0.5, seed: device.upload(Uint32Array.from(seed), [seed.length]), stream: 1 };
    return device.read(new Tape(device).run(dropout, { x }, attrs));
  };
  const whole = await drop(ones(n), 3, 4);
  expect(await drop(ones(4), 3, 4, 0)).toEqual(whole.slice(0, 4 * perPicture));
  expect(await drop(ones(2), 3, 4, 4)).toEqual(whole.slice(4 * perPicture));
});

test('dropout refuses to drop everything', async () => {
  const device = await testDevice();
  const x = device.tensor([4]);
  const attrs = { p: 1, seed: device.tensor([2], 'u32'), stream: 0 };
  expect(() => new Tape(device).run(dropout, { x }, attrs)).toThrow('dropout: p must be at least 0 and less than 1');
});
