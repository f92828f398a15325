import { expect, test } from 'vitest';
import { normalize } from '../../kernels/augment/launch.ts';
import { crossEntropy } from '../../src/autograd/ops/cross_entropy.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { MBConv } from '../../src/nn/blocks.ts';
import { BatchNorm2d, Conv2d, Dropout, Linear } from '../../src/nn/layers.ts';
import { type Module, Sequential } from '../../src/nn/module.ts';
import type { Optimizer } from '../../src/nn/optimizer.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { Constant, Cosine, type Schedule } from '../../src/nn/schedule.ts';
import { SGD } from '../../src/nn/sgd.ts';
import { Activation, AvgPool2d, Flatten, GlobalAvgPool, MaxPool2d } from '../../src/nn/stateless.ts';
import { testDevice } from '../support/device.ts';

const device = await testDevice();
const COUNT = 40;
const STEPS = 40;

const plain = () =>
  new Sequential(
    ...[new Conv2d(3, 16, 3), new BatchNorm2d(16, 'gelu'), new MaxPool2d()],
    ...[new Conv2d(16, 16, 3, { bias: false }), new BatchNorm2d(16), new Activation('relu'), new MaxPool2d()],
    ...[new GlobalAvgPool(), new Dropout(0.1), new Linear(16, 10)],
  );

const mobile = () =>
  new Sequential(
    ...[new Conv2d(3, 8, 3, { stride: 2 }), new MBConv(8, 16, 2), new AvgPool2d(4), new Flatten(), new Linear(64, 10)],
  );

type Create = (parameters: ParameterSet) => Optimizer;
const cases: Record<string, [() => Module, Create, Schedule]> = {
  'plain layers, SGD with momentum, cosine': [
    plain,
    (parameters) => new SGD(device, parameters, { momentum: 0.9 }),
    new Cosine(0.1, STEPS, { warmupSteps: 4 }),
  ],
  'plain layers, AdamW, constant': [plain, (parameters) => new AdamW(device, parameters), new Constant(0.01)],
  'an MBConv, SGD, cosine': [
    mobile,
    (parameters) => new SGD(device, parameters, { maxNorm: 5 }),
    new Cosine(0.5, STEPS),
  ],
};

test.each(Object.entries(cases))(
  'a Sequential learns 40 pictures by heart: %s',
  async (_, [create, optimizes, schedule]) => {
    const { train } = shapes();
    const pixels = device.upload(train.images.subarray(0, COUNT * 3072), [COUNT, 3, 32, 32], 'u8');
    const images = device.tensor(pixels.shape);
    normalize(device, { pixels, images, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
    const targets = device.upload(train.labels.subarray(0, COUNT), [COUNT], 'i32');
    const net = create();
    const parameters = new ParameterSet(device, net, new Random(1));
    const optimizer = optimizes(parameters);
    const seed = device.tensor([2], 'u32');
    const step = await device.record(() => {
      const tape = new Tape(device);
      parameters.watch(tape);
      const logits = net.forward({ tape, training: true, seed }, images);
      const loss = tape.run(crossEntropy, { logits }, { targets, labelSmoothing: 0 });
      tape.backward(loss, optimizer.lossScale);
      optimizer.step();
      return loss;
    });
    const losses: number[] = [];
    for (let i = 0; i < STEPS; i++) {
      device.write(seed, Uint32Array.of(1, i));
      optimizer.prepare(schedule.at(i));
      step.run();
      losses.push((await device.read(step.result))[0]);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
  },
);
