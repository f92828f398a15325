import { describe, expect, test } from 'vitest';
import multiplyKernel from '../../kernels/pointwise/multiply.wgsl';
import { pointwise } from '../../src/autograd/ops/pointwise.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { distinct, fingerprint, type Tiles, type Tuned, Tuning, tuningKey } from '../../src/runtime/tuning.ts';
import { openDevice } from '../support/device.ts';

const kernel = {
  path: 'kernels/some/kernel.wgsl',
  text: 'fn f() {}',
  includes: { a: { path: 'a', text: 'fn a() {}' } },
};
const choices = [
  { TILE: 8, VECTORS: 2 },
  { TILE: 4, VECTORS: 2 },
];

const tuning = (tiles: unknown, version = fingerprint(kernel)) =>
  new Tuning(new Map([['some/kernel 1 → 2 f32', { fingerprint: version, tiles: tiles as Tiles }]]));

describe('a kernel gets', () => {
  test('the first choice on a device that is not tuned', () => {
    expect(new Tuning().choose(kernel, '1 → 2 f32', choices)).toBe(choices[0]);
  });

  test('what it was tuned to, on these shapes only', () => {
    expect(tuning({ VECTORS: 2, TILE: 4 }).choose(kernel, '1 → 2 f32', choices)).toBe(choices[1]);
    expect(tuning({ VECTORS: 2, TILE: 4 }).choose(kernel, '1 → 3 f32', choices)).toBe(choices[0]);
  });

  test.each([
    [{ TILE: 5, VECTORS: 2 }],
    [{ TILE: 4 }],
    [{ TILE: 4, VECTORS: 2, MORE: 1 }],
    [{ TILE: '4', VECTORS: 2 }],
    [{ TILE: Number.NaN, VECTORS: -1e9 }],
    [{}],
  ])('the first choice in place of %o, which is none', (tiles) => {
    expect(tuning(tiles).choose(kernel, '1 → 2 f32', choices)).toBe(choices[0]);
  });

  test('the first choice where the kernel has changed since, and somebody hears of it', () => {
    const tiles = { TILE: 4, VECTORS: 2 };
    const stale: string[] = [];
    const found = new Map<string, Tuned>([['some/kernel 1 → 2 f32', { fingerprint: fingerprint(kernel), tiles }]]);
    const changed = { ...kernel, includes: { a: { path: 'a', text: 'fn b() {}' } } };
    const choose = new Tuning(found, (key) => stale.push(key));
    expect(choose.choose(changed, '1 → 2 f32', choices)).toBe(choices[0]);
    expect(stale).toEqual(['some/kernel 1 → 2 f32']);
  });
});

test('choices that are the same count once', () => {
  expect(distinct([{ A: 1 }, { A: 2 }, { A: 1 }, { A: 2, B: 1 }])).toEqual([{ A: 1 }, { A: 2 }, { A: 2, B: 1 }]);
});

test('tuned tiles reach the dispatch', async () => {
  const key = tuningKey(multiplyKernel, '1×16×8×8 → 1×16×8×8 f32');
  const tiles = { TILE_O: 4, VECTORS: 2, SLICES: 1, LOADS: 1 };
  const tuned = new Tuning(new Map([[key, { fingerprint: fingerprint(multiplyKernel), tiles }]]));
  const device = await openDevice({ tuning: tuned });
  const [x, weight] = [device.tensor([1, 16, 8, 8]), device.tensor([16, 16, 1, 1])];
  const { commands } = await device.record(() => new Tape(device).run(pointwise, { x, weight }, { stride: 1 }));
  expect(commands[0].workgroups).toEqual([1, 4, 1]);
  device.destroy();
});
