import { expect, test } from 'vitest';
import type { HostArray } from '../../kernels/common/reference.ts';
import { reference } from '../../kernels/depthwise/reference.ts';
import { depthwise } from '../../src/autograd/ops/depthwise.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { requirePrecision } from '../../src/train/step.ts';
import { testDevice } from '../support/device.ts';
import { hasHalf, rounded } from '../support/half.ts';
import { normal, type OpCase, relativeError, testOp, upload } from '../support/op.ts';

/** Shapes of x by what is particular about them. */
const shapes = {
  'vectors of pixels': [2, 5, 6, 8],
  'one channel': [3, 1, 4, 4],
  'odd plane': [2, 3, 7, 5],
  'smaller than a kernel': [2, 3, 2, 3],
  'one pixel': [3, 2, 1, 1],
  'one row': [1, 2, 1, 12],
  'one column': [1, 2, 7, 1],
  'one past a workgroup': [65, 2, 4, 4],
  'rows of no whole vectors': [2, 3, 8, 12],
  'rows of two vectors': [2, 4, 10, 16],
  'odd rows of vectors': [1, 1, 5, 8],
  'rows one past a vector': [1, 2, 33, 17],
};

const cases: Record<string, OpCase<{ stride: number }>> = {};
for (const kernel of [3, 5]) {
  for (const stride of [1, 2]) {
    for (const [name, x] of Object.entries(shapes)) {
      cases[`${kernel}×${kernel}, stride ${stride}, ${name}`] = {
        inputs: { x, weight: [x[1], 1, kernel, kernel] },
        attrs: { stride },
      };
    }
  }
}

testOp(depthwise, reference, cases);

test.each([
  [3, 1, 8],
  [3, 2, 7],
  [5, 1, 8],
  [5, 1, 7],
  [5, 2, 8],
  [5, 2, 7],
])('depthwise in f16 is near f32: kernel %i, stride %i, width %i', async (kernel, stride, width) => {
  const device = await testDevice();
  if (!hasHalf(device)) {
    expect(() => requirePrecision(device, 'mixed')).toThrow('shader-f16');
    return;
  }
  const run = async (half: boolean) => {
    const random = new Random(4);
    const store = ({ data, shape }: HostArray) =>
      half ? device.upload(Float32Array.from(data), shape, 'f16') : device.upload(rounded(data), shape);
    const tape = new Tape(device);
    const x = tape.watch(store(normal([2, 3, 9, width], random)));
    const weight = tape.watch(upload(device, normal([3, 1, kernel, kernel], random)));
    const y = tape.run(depthwise, { x, weight }, { stride });
    const gradients = tape.backward(y, store(normal(y.shape, random)));
    return Promise.all([y, gradients.get(x)!, gradients.get(weight)!].map((tensor) => device.read(tensor)));
  };
  const want = await run(false);
  const got = await run(true);
  const tolerances = [1e-3, 1e-3, 1e-6]; // the weight's gradient is f32
  for (const [i, tolerance] of tolerances.entries()) expect(relativeError(got[i], want[i])).toBeLessThan(tolerance);
});

test('depthwise refuses kernels that are not square, or of another side', async () => {
  const device = await testDevice();
  for (const sides of [
    [1, 1],
    [3, 5],
    [7, 7],
  ]) {
    const inputs = { x: device.tensor([1, 2, 8, 8]), weight: device.tensor([2, 1, ...sides]) };
    const run = () => new Tape(device).run(depthwise, inputs, { stride: 1 });
    expect(run).toThrow(`depthwise: weight must be [2,1,3,3] or [2,1,5,5], got [2,1,${sides}]`);
  }
});
