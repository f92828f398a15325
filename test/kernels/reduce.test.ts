import { expect, test } from 'vitest';
import type { HostArray } from '../../kernels/common/reference.ts';
import { channelSum, merge } from '../../kernels/reduce/launch.ts';
import { Random } from '../../src/data/random.ts';
import { type Shape, view } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';
import { sumInto } from '../support/sum.ts';

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
    sumInto(device, total, (sum) => channelSum(device, { x: upload(device, x), total: sum }));
    expect(relativeError(await device.read(total), want)).toBeLessThan(1e-5 * Math.sqrt(n * h * w));
  });
}

/** The numbers of a column of partial sums, added up in float64. */
const columnSums = ({ data, shape: [rows, width] }: HostArray, column: number, count: number) =>
  Float64Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += data[row * width + column + i];
    return sum;
  });

test('merge adds sums of other lengths, each in a storage of its own, more than fit one dispatch', async () => {
  const device = await testDevice();
  const random = new Random(4);
  const lengths = [65, 1, 64, 3, 130, 7, 2, 9, 1];
  const partials = lengths.map((length, k) => normal([9 - k, length], random));
  const totals = device.tensor([64 * lengths.length * 3]);
  const sums = partials.map((partial, k) => ({
    partial: upload(device, partial),
    column: 0,
    total: view(totals, k * 768, [lengths[k]]),
  }));
  const { commands } = await device.record(() => merge(device, sums));
  expect(commands).toHaveLength(2);
  merge(device, sums);
  for (const [k, { total }] of sums.entries()) {
    const want = columnSums(partials[k], 0, lengths[k]);
    expect(relativeError(await device.read(total), want)).toBeLessThan(1e-6);
  }
});

test('merge adds sums side by side in the rows of one tensor, behind another in its storage', async () => {
  const device = await testDevice();
  const partial = normal([5, 71], new Random(5));
  const storage = device.tensor([64 + 5 * 71]);
  const uploaded = view(storage, 256, partial.shape);
  device.write(uploaded, Float32Array.from(partial.data));
  const totals = [66, 1, 3].map((length) => device.tensor([length]));
  const columns = [0, 66, 68];
  merge(
    device,
    totals.map((total, k) => ({ partial: uploaded, column: columns[k], total })),
  );
  for (const [k, total] of totals.entries()) {
    const want = columnSums(partial, columns[k], total.shape[0]);
    expect(relativeError(await device.read(total), want)).toBeLessThan(1e-6);
  }
});
