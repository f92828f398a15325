import { expect, test } from 'vitest';
import { reference } from '../../kernels/linear/reference.ts';
import { linear } from '../../src/autograd/ops/linear.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { type DType, type Shape, sizeOf, type Tensor } from '../../src/runtime/tensor.ts';
import { requirePrecision } from '../../src/train/step.ts';
import { testDevice } from '../support/device.ts';
import { hasHalf } from '../support/half.ts';
import { normal, testOp, upload } from '../support/op.ts';

testOp(linear, reference, {
  'one output': { inputs: { x: [1, 7], weight: [1, 7], bias: [1] }, attrs: {} },
  'no bias': { inputs: { x: [3, 4], weight: [5, 4] }, attrs: {} },
  'exactly a workgroup': { inputs: { x: [8, 6], weight: [64, 6], bias: [64] }, attrs: {} },
  'one past a workgroup': { inputs: { x: [9, 5], weight: [65, 5], bias: [65] }, attrs: {} },
  'inputs one past a workgroup, outputs one past a tile': {
    inputs: { x: [3, 65], weight: [5, 65], bias: [5] },
    attrs: {},
  },
  'a head': { inputs: { x: [4, 64], weight: [40, 64], bias: [40] }, attrs: {} },
});

test('linear: one dispatch gives the gradients of weight and bias, and the same bits where only one is wanted', async () => {
  const device = await testDevice();
  const random = new Random(3);
  const x = upload(device, normal([6, 7], random));
  const weight = upload(device, normal([5, 7], random));
  const bias = upload(device, normal([5], random));
  const dy = upload(device, normal([6, 5], random));
  const gradients = async (...wanted: Tensor[]) => {
    const recording = await device.record(() => {
      const tape = new Tape(device);
      for (const tensor of wanted) tape.watch(tensor);
      const found = tape.backward(tape.run(linear, { x, weight, bias }, {}), dy);
      return wanted.map((tensor) => found.get(tensor)!);
    });
    const [, ...backward] = recording.commands.map(({ kernel }) => kernel.path);
    expect(backward).toEqual(['kernels/linear/backward_weight.wgsl']);
    recording.run();
    return Promise.all(recording.result.map((gradient) => device.read(gradient)));
  };
  const [dweight, dbias] = await gradients(weight, bias);
  expect(await gradients(weight)).toEqual([dweight]);
  expect(await gradients(bias)).toEqual([dbias]);
});

test('linear in f16: small whole numbers come out as in f32', async () => {
  const device = await testDevice();
  if (!hasHalf(device)) {
    expect(() => requirePrecision(device, 'mixed')).toThrow('shader-f16');
    return;
  }
  const bits = [0xbc00, 0, 0x3c00, 0x4000]; // of -1, 0, 1, 2
  const run = async (dtype: 'f16' | 'f32') => {
    const random = new Random(3);
    const draw = (shape: Shape) => {
      const drawn = Array.from({ length: sizeOf(shape) }, () => random.int(4));
      const data = dtype === 'f16' ? Uint16Array.from(drawn, (i) => bits[i]) : Float32Array.from(drawn, (i) => i - 1);
      return device.upload(data, shape, dtype);
    };
    const inputs = {
      x: draw([6, 66]),
      weight: draw([5, 66]),
      bias: device.upload(Float32Array.of(1, 2, 3, 4, 5), [5]),
    };
    const tape = new Tape(device);
    for (const tensor of Object.values(inputs)) tape.watch(tensor);
    const y = tape.run(linear, inputs, {});
    const got = [y, ...tape.backward(y, draw([6, 5])).values()];
    return Promise.all(got.map(async (tensor) => numbers(await device.readBytes(tensor), tensor.dtype)));
  };
  expect(await run('f16')).toEqual(await run('f32'));
});

/** Elements as numbers, of f16 those that are zero or normal. */
function numbers(bytes: ArrayBuffer, dtype: DType): number[] {
  if (dtype === 'f32') return [...new Float32Array(bytes)];
  return Array.from(new Uint16Array(bytes), (bits) => {
    const magnitude = bits & 0x7fff && (1 + (bits & 0x3ff) / 1024) * 2 ** (((bits >> 10) & 31) - 15);
    return bits >> 15 ? -magnitude : magnitude;
  });
}
