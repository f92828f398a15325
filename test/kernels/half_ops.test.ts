import { expect, test } from 'vitest';
import type { Inputs, Op } from '../../src/autograd/op.ts';
import * as ops from '../../src/autograd/ops/index.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Shape, Tensor } from '../../src/runtime/tensor.ts';
import { requirePrecision } from '../../src/train/step.ts';
import { testDevice } from '../support/device.ts';
import { hasHalf, rounded } from '../support/half.ts';
import { normal, relativeError } from '../support/op.ts';

interface HalfCase {
  readonly name: string;
  readonly op: Op<Inputs, never>;
  readonly inputs: Record<string, Shape>;
  readonly attrs: unknown;
}

const of = <In extends Inputs, Attrs>(op: Op<In, Attrs>, inputs: Record<string, Shape>, attrs: Attrs): HalfCase => ({
  name: `${op.name} of ${Object.values(inputs)
    .map((shape) => `[${shape}]`)
    .join(', ')}`,
  op: op as unknown as Op<Inputs, never>,
  inputs,
  attrs,
});

const cases = [
  ...[
    [5, 13],
    [2, 2, 8, 8],
  ].flatMap((shape) => [
    of(ops.add, { a: shape, b: shape }, {}),
    of(ops.sub, { a: shape, b: shape }, {}),
    of(ops.mul, { a: shape, b: shape }, {}),
    of(ops.scale, { x: shape }, { factor: 0.3 }),
    of(ops.flatten, { x: shape }, {}),
    of(ops.reshape, { x: shape }, { shape: [-1] }),
    of(ops.meanSquaredError, { prediction: shape, target: shape }, {}),
  ]),
  of(ops.avgPool, { x: [2, 3, 7, 5] }, { kernel: 3, stride: 2, padding: 1 }),
  of(ops.concat, { a: [2, 3, 4, 4], b: [2, 5, 4, 4] }, {}),
  of(ops.concat, { a: [3, 1, 3, 5], b: [3, 4, 3, 5] }, {}),
  of(ops.matmul, { a: [5, 9], b: [9, 7] }, {}),
  of(ops.softmax, { x: [5, 10] }, {}),
];

/** Output and gradients of a case on the same numbers, stored as f16 or as f32. */
async function run({ op, inputs, attrs }: HalfCase, half: boolean): Promise<Float32Array[]> {
  const device = await testDevice();
  const random = new Random(3);
  const draw = (shape: Shape, asHalf = half) => {
    const { data } = normal(shape, random);
    return asHalf ? device.upload(Float32Array.from(data), shape, 'f16') : device.upload(rounded(data), shape);
  };
  const tensors = Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, draw(shape)]));
  const made = device.tidy(() => {
    const tape = new Tape(device);
    for (const tensor of Object.values(tensors)) tape.watch(tensor);
    const y: Tensor = tape.run(op, tensors, attrs as never);
    const gradients = tape.backward(y, draw(y.shape, y.dtype === 'f16'));
    return [y, ...Object.values(tensors).map((tensor) => gradients.get(tensor)!)];
  });
  return Promise.all(made.map((tensor) => device.read(tensor)));
}

const device = await testDevice();
if (hasHalf(device)) {
  test.each(cases)('$name: f16 is near f32', async (op) => {
    const want = await run(op, false);
    for (const [i, got] of (await run(op, true)).entries()) expect(relativeError(got, want[i])).toBeLessThan(1e-3);
  });
} else {
  test('mixed precision is refused where the adapter has no f16', () => {
    expect(() => requirePrecision(device, 'mixed')).toThrow('shader-f16');
  });
}
