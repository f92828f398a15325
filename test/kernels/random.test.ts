import { expect, test } from 'vitest';
import { random, unit } from '../../kernels/common/random.ts';
import randomSource from '../../kernels/common/random.wgsl';
import { testDevice } from '../support/device.ts';

const COUNT = 64;

const kernel = {
  path: 'test/random.wgsl',
  text: `#include "random.wgsl"
    @group(0) @binding(0) var<storage, read> counters: array<vec4u>;
    @group(0) @binding(1) var<storage, read_write> words: array<vec4u>;
    @group(0) @binding(2) var<storage, read_write> units: array<f32>;
    @compute @workgroup_size(64)
    fn main(@builtin(local_invocation_index) i: u32) {
      let c = counters[i];
      words[i] = random(c.x, c.y, c.z, c.w);
      units[i] = unit(words[i].x);
    }`,
  includes: { 'random.wgsl': randomSource },
};

test('the kernels and the host draw the same numbers', async () => {
  const device = await testDevice();
  const counters = Array.from({ length: COUNT }, (_, i) =>
    i < 4 ? [0, 0, 0, i] : [42 + i, 2 ** 32 - i, i % 3 === 0 ? 0xffffffff : i, i ** 5],
  );
  const words = device.tensor([COUNT, 4], 'u32');
  const units = device.tensor([COUNT]);
  device.dispatch({
    kernel,
    constants: {},
    reads: { counters: device.upload(Uint32Array.from(counters.flat()), [COUNT, 4]) },
    writes: { words, units },
    workgroups: [1],
    flops: 0,
  });
  const want = counters.map(([seed, step, stream, index]) => random(seed, step, stream, index));
  expect([...new Uint32Array(await device.readBytes(words))]).toEqual(want.flat());
  expect([...(await device.read(units))]).toEqual(want.map(([word]) => unit(word)));
});

test.each(['seed', 'step', 'stream', 'index'])('numbers are uniform and independent as the %s counts up', (name) => {
  const at = ['seed', 'step', 'stream', 'index'].indexOf(name);
  const n = 20_000;
  const draws = Array.from({ length: n }, (_, i) => {
    const counter: [number, number, number, number] = [42, 7, 3, 9];
    counter[at] = i;
    return random(...counter).map((word) => unit(word) - 0.5);
  });
  for (let k = 0; k < 4; k++) {
    const moment = (f: (i: number) => number) => draws.reduce((sum, _, i) => sum + f(i), 0) / Math.sqrt(n);
    // All of these have mean 0 and the standard deviation given; 5 of them are never reached by chance.
    expect(Math.abs(moment((i) => draws[i][k]))).toBeLessThan(5 * Math.sqrt(1 / 12));
    expect(Math.abs(moment((i) => draws[i][k] ** 2 - 1 / 12))).toBeLessThan(5 * Math.sqrt(1 / 180));
    expect(Math.abs(moment((i) => draws[i][k] * draws[(i + 1) % n][k]))).toBeLessThan(5 / 12);
    expect(Math.abs(moment((i) => draws[i][k] * draws[i][(k + 1) % 4]))).toBeLessThan(5 / 12);
  }
});
