import { expect, test } from 'vitest';
import { zeros } from '../../kernels/common/reference.ts';
import { reference } from '../../kernels/max_pool/reference.ts';
import { maxPool } from '../../src/autograd/ops/max_pool.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { type Shape, sizeOf } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { testOp } from '../support/op.ts';

/** Different values in random order, 1/64 apart: no step of the differences changes which is the largest. */
function distinct(shape: Shape) {
  const order = Uint32Array.from({ length: sizeOf(shape) }, (_, i) => i);
  new Random(5).shuffle(order);
  let next = 0;
  return zeros(shape).each(() => (order[next++] - order.length / 2) / 64);
}

testOp(maxPool, reference, {
  'strips of four': { inputs: { x: distinct([2, 3, 6, 16]) }, attrs: {}, eps: 4e-3 },
  'past a workgroup, odd height': { inputs: { x: distinct([3, 5, 7, 24]) }, attrs: {}, eps: 4e-3 },
  'even, no strips': { inputs: { x: distinct([2, 3, 4, 6]) }, attrs: {}, eps: 4e-3 },
  'odd planes': { inputs: { x: distinct([3, 5, 7, 11]) }, attrs: {}, eps: 4e-3 },
  'one pixel': { inputs: { x: distinct([3, 2, 1, 1]) }, attrs: {}, eps: 4e-3 },
  'two pixels': { inputs: { x: distinct([3, 2, 1, 2]) }, attrs: {}, eps: 4e-3 },
});

test.each([4, 5, 8])('maxPool of equal pixels, width %i: the first of each window gets the gradient', async (w) => {
  const device = await testDevice();
  const x = device.upload(new Float32Array(3 * w).fill(-1), [1, 1, 3, w]);
  const outputs = 2 * Math.ceil(w / 2);
  const dx = device.tidy(() => {
    const tape = new Tape(device);
    const y = tape.run(maxPool, { x: tape.watch(x) }, {});
    const dy = device.upload(
      Float32Array.from({ length: outputs }, (_, i) => i + 1),
      y.shape,
    );
    return tape.backward(y, dy).get(x)!;
  });
  const want = new Float32Array(3 * w);
  for (let i = 0; i < 2; i++) {
    for (let j = 0; j < outputs / 2; j++) {
      want[Math.max(2 * i - 1, 0) * w + Math.max(2 * j - 1, 0)] += i * (outputs / 2) + j + 1;
    }
  }
  expect([...(await device.read(dx))]).toEqual([...want]);
});
