import { expect, test } from 'vitest';
import { reference } from '../../kernels/concat/reference.ts';
import { concat } from '../../src/autograd/ops/concat.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, testOp, upload } from '../support/op.ts';

testOp(concat, reference, {
  'one input': { inputs: { x: [2, 3, 4, 5] }, attrs: {} },
  'two inputs': { inputs: { a: [2, 3, 4, 4], b: [2, 5, 4, 4] }, attrs: {} },
  'odd planes, three inputs': { inputs: { a: [3, 1, 3, 5], b: [3, 4, 3, 5], c: [3, 2, 3, 5] }, attrs: {} },
  'odd planes whose channels fill vectors': { inputs: { a: [2, 4, 3, 3], b: [2, 8, 3, 3] }, attrs: {} },
  'an odd part behind whole vectors': { inputs: { a: [2, 4, 3, 3], b: [2, 1, 3, 3] }, attrs: {} },
  'past a workgroup': { inputs: { a: [5, 3, 8, 8], b: [5, 2, 8, 8] }, attrs: {} },
});

test('concat takes more inputs than a kernel binds, in the order of the record, and one of them twice', async () => {
  const device = await testDevice();
  const host = normal([2, 1, 3, 3], new Random(2));
  const x = upload(device, host);
  const names = ['z', 'y', 'x', 'w', 'v', 'u', 't', 's', 'r', 'q', 'p'];
  const constants = names.map((_, i) => device.upload(new Float32Array(18).fill(i), [2, 1, 3, 3]));
  const inputs = Object.fromEntries(names.map((name, i) => [name, i === 3 || i === 7 ? x : constants[i]]));
  const tape = new Tape(device);
  tape.watch(x);
  const y = tape.run(concat, inputs, {});
  expect(y.shape).toEqual([2, 11, 3, 3]);
  const channel = (i: number) => (i === 3 || i === 7 ? [...host.data.slice(0, 9)] : Array(9).fill(i));
  expect([...(await device.read(y))].slice(0, 99)).toEqual(names.flatMap((_, i) => channel(i)));
  const dy = Float32Array.from({ length: 198 }, (_, i) => Math.floor(i / 9));
  const dx = tape.backward(y, device.upload(dy, y.shape)).get(x)!;
  expect([...(await device.read(dx))]).toEqual([...Array(9).fill(3 + 7), ...Array(9).fill(11 + 3 + 11 + 7)]);
});

test('concat refuses inputs that do not fit together', async () => {
  const device = await testDevice();
  const a = device.tensor([2, 3, 4, 5]);
  const refused = (b: typeof a) => () => concat.shape({ a, b }, {});
  expect(() => concat.shape({}, {})).toThrow('concat: there must be at least one input, got 0');
  expect(refused(device.tensor([3, 3, 4, 5]))).toThrow('concat: b must be f32 [2,C of b,4,5], got f32 [3,3,4,5]');
  expect(refused(device.tensor([2, 1, 4, 6]))).toThrow('concat: b must be f32 [2,C of b,4,5], got f32 [2,1,4,6]');
  expect(refused(device.tensor([2, 1, 4, 5], 'f16'))).toThrow(
    'concat: b must be f32 [2,C of b,4,5], got f16 [2,1,4,5]',
  );
  expect(refused(device.tensor([2, 20]))).toThrow('concat: b must be f32 [2,C of b,4,5], got f32 [2,20]');
});
