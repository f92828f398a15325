import { expect, test } from 'vitest';
import { channelSum, merge, type PartialSums } from '../../kernels/reduce/launch.ts';
import { Random } from '../../src/data/random.ts';
import type { Shape } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

const shapes: Record<string, Shape> = {
  'vectors of pixels': [3, 5, 6, 8],
  'odd plane': [2, 3, 5, 7],
  'one number': [1, 1, 1, 1],
  'many chunks': [65, 2, 16, 12],
};

for (const [name, shape] of Object.entries(shapes)) {
  test(`channelSum, ${name}`, async () => {
    const device = await testDevice();
    const x = normal(shape, new Random(3));
    const [n, c, h, w] = shape;
    const want = new Float64Array(c);
    x.data.forEach((v, i) => {
      want[Math.floor(i / (h * w)) % c] += v;
    });
    const total = device.tensor([c]);
    device.tidy(() => {
      const sums: PartialSums[] = [];
      const partials = (count: number) => {
        const partial = device.tensor([count, c]);
        sums.push({ partial, total });
        return partial;
      };
      channelSum(device, { x: upload(device, x), total: { tensor: total, partials } });
      merge(device, sums);
    });
    expect(relativeError(await device.read(total), want)).toBeLessThan(1e-5 * Math.sqrt(n * h * w));
  });
}

test('merge adds the partial sums of several sums, one past a workgroup, more than fit one dispatch', async () => {
  const device = await testDevice();
  const random = new Random(4);
  const lengths = [65, 1, 64, 3, 130];
  const partials = lengths.map((length, k) => normal([7 - k, length], random));
  const sums = partials.map((partial, k) => ({
    partial: upload(device, partial),
    total: device.tensor([lengths[k]]),
  }));
  merge(device, sums);
  for (const [k, { total }] of sums.entries()) {
    const want = Float64Array.from({ length: lengths[k] }, (_, i) => {
      let sum = 0;
      for (let chunk = 0; chunk < 7 - k; chunk++) sum += partials[k].at(chunk, i);
      return sum;
    });
    expect(relativeError(await device.read(total), want)).toBeLessThan(1e-6);
  }
});
