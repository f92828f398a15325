import { expect, test } from 'vitest';
import { channelSum, merge } from '../../kernels/reduce/launch.ts';
import { Random } from '../../src/data/random.ts';
import type { Shape } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

const shapes: Record<string, Shape> = {
  'vectors of pixels': [3, 5, 6, 8],
  'odd plane': [2, 3, 5, 7],
  'one number': [1, 1, 1, 1],
  'many slabs': [65, 2, 16, 12],
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
    device.tidy(() => channelSum(device, { x: upload(device, x), total }));
    expect(relativeError(await device.read(total), want)).toBeLessThan(1e-5 * Math.sqrt(n * h * w));
  });
}

test('merge adds slabs, one past a workgroup', async () => {
  const device = await testDevice();
  const partial = normal([7, 65], new Random(4));
  const want = Float64Array.from({ length: 65 }, (_, i) => {
    let sum = 0;
    for (let slab = 0; slab < 7; slab++) sum += partial.at(slab, i);
    return sum;
  });
  const total = device.tensor([65]);
  merge(device, { partial: upload(device, partial), total });
  expect(relativeError(await device.read(total), want)).toBeLessThan(1e-6);
});
