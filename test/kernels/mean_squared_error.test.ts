import { expect, test } from 'vitest';
import { reference } from '../../kernels/mean_squared_error/reference.ts';
import { meanSquaredError } from '../../src/autograd/ops/mean_squared_error.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, testOp, upload } from '../support/op.ts';

const pair = (...shape: number[]) => ({ inputs: { prediction: shape, target: shape }, attrs: {} });

testOp(meanSquaredError, reference, {
  'one element': pair(1),
  'an odd number': pair(3, 7),
  'vectors in several chunks': pair(2, 3, 16, 20),
  'single elements in several chunks': pair(7, 97),
});

test('meanSquaredError computes only the gradient that is wanted, with the same bits', async () => {
  const device = await testDevice();
  const random = new Random(3);
  const [prediction, target] = [upload(device, normal([5, 9], random)), upload(device, normal([5, 9], random))];
  const gradients = async (...watched: (typeof prediction)[]) => {
    const tape = new Tape(device);
    for (const tensor of watched) tape.watch(tensor);
    const found = tape.backward(tape.run(meanSquaredError, { prediction, target }, {}));
    expect(found.size).toBe(watched.length);
    return Promise.all(watched.map((tensor) => device.read(found.get(tensor)!)));
  };
  const [dprediction, dtarget] = await gradients(prediction, target);
  expect([...dtarget]).toEqual([...dprediction].map((value) => -value));
  expect(await gradients(prediction)).toEqual([dprediction]);
  expect(await gradients(target)).toEqual([dtarget]);
});

test('meanSquaredError refuses a target of another shape', async () => {
  const device = await testDevice();
  const inputs = { prediction: device.tensor([2, 3]), target: device.tensor([2, 1]) };
  expect(() => meanSquaredError.shape(inputs, {})).toThrow('meanSquaredError: target must be f32 [2,3], got f32 [2,1]');
});
