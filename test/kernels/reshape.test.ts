import { expect, test } from 'vitest';
import { flatten as flattenReference, reshape as reshapeReference } from '../../kernels/reshape/reference.ts';
import { flatten } from '../../src/autograd/ops/flatten.ts';
import { mul } from '../../src/autograd/ops/mul.ts';
import { reshape } from '../../src/autograd/ops/reshape.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, testOp, upload } from '../support/op.ts';

testOp(reshape, reshapeReference, {
  'another number of axes': { inputs: { x: [2, 3, 4] }, attrs: { shape: [6, 4] } },
  'an extent that follows from the others': { inputs: { x: [2, 3, 4] }, attrs: { shape: [2, -1, 2] } },
  'the same shape': { inputs: { x: [5] }, attrs: { shape: [5] } },
});
testOp(flatten, flattenReference, {
  'a picture': { inputs: { x: [3, 2, 4, 5] }, attrs: {} },
  'a vector': { inputs: { x: [3] }, attrs: {} },
});

test('a reshaped tensor and the tensor itself may both be used, and each keeps its gradient', async () => {
  const device = await testDevice();
  const random = new Random(2);
  const hosts = { x: normal([2, 6], random), a: normal([2, 6], random), b: normal([3, 4], random) };
  const [x, a, b] = [upload(device, hosts.x), upload(device, hosts.a), upload(device, hosts.b)];
  const dy = normal([2, 6], random);
  const upstream = upload(device, dy);
  const gradient = device.tensor([2, 6]);
  // y = (x · b under another shape) · a · x: the gradients of x meet, and that of a reads views of what they are made of.
  const recording = await device.record(() => {
    const tape = new Tape(device);
    tape.watch(x, gradient);
    tape.watch(a);
    tape.watch(b);
    const xb = tape.run(mul, { a: tape.run(reshape, { x }, { shape: [3, 4] }), b }, {});
    const y = tape.run(
      mul,
      { a: tape.run(mul, { a: tape.run(reshape, { x: xb }, { shape: [2, -1] }), b: a }, {}), b: x },
      {},
    );
    const found = tape.backward(y, upstream);
    return [y, found.get(x)!, found.get(a)!, found.get(b)!];
  });
  recording.run();
  const got = await Promise.all(recording.result.map((tensor) => device.read(tensor)));
  const each = (f: (x: number, a: number, b: number, dy: number) => number) =>
    [...hosts.x.data].map((value, i) => f(value, hosts.a.data[i], hosts.b.data[i], dy.data[i]));
  const want = [
    each((x, a, b) => x * b * a * x),
    each((x, a, b, dy) => 2 * x * a * b * dy),
    each((x, _, b, dy) => x * x * b * dy),
    each((x, a, _, dy) => x * x * a * dy),
  ];
  for (const [i, values] of want.entries()) {
    for (const [j, value] of values.entries()) expect(got[i][j]).toBeCloseTo(value, 4);
  }
  expect(recording.result[1]).toBe(gradient);
  expect([...(await device.read(upstream))]).toEqual([...dy.data]);
});

test('a reshape alone costs no dispatch, but for the copy to where the gradient is wanted', async () => {
  const device = await testDevice();
  const [x, dy, gradient] = [device.tensor([2, 3]), device.tensor([6]), device.tensor([2, 3])];
  const paths = async (destination?: typeof x) => {
    const { commands } = await device.record(() => {
      const tape = new Tape(device);
      tape.watch(x, destination);
      return tape.backward(tape.run(reshape, { x }, { shape: [6] }), dy);
    });
    return commands.map(({ kernel }) => kernel.path);
  };
  expect(await paths()).toEqual([]);
  expect(await paths(gradient)).toEqual(['kernels/elementwise/copy.wgsl']);
});

test('shapes that do not hold the elements are refused', async () => {
  const device = await testDevice();
  const x = device.tensor([2, 6]);
  const refused =
    (...shape: number[]) =>
    () =>
      reshape.shape({ x }, { shape });
  expect(refused(3, 5)).toThrow('reshape: shape must hold the 12 elements of x [2,6], got [3,5]');
  expect(refused(5, -1)).toThrow('reshape: shape must hold the 12 elements of x [2,6], got [5,-1]');
  for (const shape of [
    [-1, -1],
    [0, 12],
    [2.5, -1],
  ]) {
    const message = `reshape: shape must have positive extents, and −1 at most once, got [${shape}]`;
    expect(refused(...shape)).toThrow(message);
  }
});
