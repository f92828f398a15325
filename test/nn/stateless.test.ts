import { expect, test } from 'vitest';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { activation } from '../../src/autograd/ops/activation.ts';
import { avgPool } from '../../src/autograd/ops/avg_pool.ts';
import { flatten } from '../../src/autograd/ops/flatten.ts';
import { globalAvgPool } from '../../src/autograd/ops/global_avg_pool.ts';
import { maxPool } from '../../src/autograd/ops/max_pool.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { type Module, Sequential } from '../../src/nn/module.ts';
import { Activation, AvgPool2d, Flatten, GlobalAvgPool, MaxPool2d } from '../../src/nn/stateless.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, upload } from '../support/op.ts';

const device = await testDevice();

/** Each module with the op that it runs. */
const modules: Record<string, [Module, (tape: Tape, x: Tensor) => Tensor]> = {
  "Activation('gelu')": [new Activation('gelu'), (tape, x) => tape.run(activation, { x }, { kind: 'gelu' })],
  "Activation('relu')": [new Activation('relu'), (tape, x) => tape.run(activation, { x }, { kind: 'relu' })],
  Flatten: [new Flatten(), (tape, x) => tape.run(flatten, { x }, {})],
  'AvgPool2d(2)': [new AvgPool2d(2), (tape, x) => tape.run(avgPool, { x }, { kernel: 2, stride: 2, padding: 0 })],
  'AvgPool2d(3, 1, 1)': [
    new AvgPool2d(3, 1, 1),
    (tape, x) => tape.run(avgPool, { x }, { kernel: 3, stride: 1, padding: 1 }),
  ],
  GlobalAvgPool: [new GlobalAvgPool(), (tape, x) => tape.run(globalAvgPool, { x }, {})],
  MaxPool2d: [new MaxPool2d(), (tape, x) => tape.run(maxPool, { x }, {})],
};

test.each(Object.entries(modules))('%s runs its op, in training and in evaluation', async (_, [module, op]) => {
  const x = upload(device, normal([2, 3, 5, 6], new Random(1)));
  const want = op(new Tape(device), x);
  for (const training of [true, false]) {
    const y = module.forward({ tape: new Tape(device), training }, x);
    expect(y.shape).toEqual(want.shape);
    expect(await device.read(y)).toEqual(await device.read(want));
  }
  expect([...module.named()]).toEqual([]);
});

test('a Sequential of them passes gradients on', async () => {
  const net = new Sequential(new Activation('silu'), new MaxPool2d(), new AvgPool2d(2, 1), new Flatten());
  // All elements differ by more than gradcheck's steps, so that each window keeps its largest.
  const data = Float32Array.from({ length: 180 }, (_, i) => ((i * 37) % 180) / 60);
  const x = device.upload(data, [2, 3, 5, 6]);
  await gradcheck(device, (tape, { x }) => net.forward({ tape, training: true }, x), { x }, { eps: 2e-3 });
});
