import { expect, test } from 'vitest';
import { defineOp } from '../../src/autograd/op.ts';
import { add } from '../../src/autograd/ops/add.ts';
import { globalAvgPool } from '../../src/autograd/ops/global_avg_pool.ts';
import { maxPool } from '../../src/autograd/ops/max_pool.ts';
import { Random } from '../../src/data/random.ts';
import { exportOnnx } from '../../src/interop/onnx/export.ts';
import { defineArchitecture } from '../../src/nn/architecture.ts';
import { MBConv } from '../../src/nn/blocks.ts';
import { BatchNorm2d, Conv2d, DepthwiseConv2d, Linear, SqueezeExcite } from '../../src/nn/layers.ts';
import { Module, type Pass, Sequential } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { UserError } from '../../src/runtime/errors.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { relativeError } from '../support/op.ts';
import { learntStateOf, logitsOfModule, randomImages } from './net.ts';
import { onnxLogits, readOnnx } from './onnx_file.ts';

const config = { inputSize: 9, inputChannels: 4, classes: 3 };
const normalization = { mean: [0, 0, 0, 0], std: [1, 1, 1, 1] };

/** A module of `parts` with a forward pass of its own. */
class Custom<Parts extends Record<string, Module>> extends Module {
  constructor(
    readonly layers: Parts,
    private readonly run: (pass: Pass, x: Tensor, layers: Parts) => Tensor,
  ) {
    super();
  }

  forward(pass: Pass, x: Tensor): Tensor {
    return this.run(pass, x, this.layers);
  }
}

const pool = () => new Custom({}, ({ tape }, x) => tape.run(maxPool, { x }, {}));
const mean = () => new Custom({}, ({ tape }, x) => tape.run(globalAvgPool, { x }, {}));

/** A classifier of the pictures that `body` makes, of 4 channels. */
const classifier = (body: Module) => new Sequential(body, mean(), new Linear(4, 3));

const netOf = (module: Module, classes = config.classes) =>
  defineArchitecture({ name: 'own', config, build: () => module }).create({ classes });

const exportModule = (module: Module) => exportOnnx(netOf(module), learntStateOf(module), normalization);

const pointwise = (stride: 1 | 2 = 1) => new Conv2d(4, 4, 1, { stride, bias: false });
const conv = (stride: 1 | 2 = 1) => new Conv2d(4, 4, 3, { stride });
const norm = (activation?: 'gelu' | 'silu') => new BatchNorm2d(4, activation);

/** Bodies, and how many BatchNormalization nodes each has in the end. */
const bodies: Record<string, [Module, number]> = {
  'a normalisation after each kind of convolution': [
    new Sequential(conv(2), norm('gelu'), new DepthwiseConv2d(4, 2), norm('silu'), pointwise(2), norm()),
    0,
  ],
  'depthwise convolutions of 5×5': [
    new Sequential(new DepthwiseConv2d(4, 2, 5), norm(), new DepthwiseConv2d(4, 1, 5), norm('gelu')),
    0,
  ],
  'one before a 1×1 convolution, and one behind': [new Sequential(pool(), norm(), pointwise(), norm('gelu')), 0],
  'one before a 1×1 convolution of stride 2': [new Sequential(norm(), pointwise(2)), 0],
  'one before a 3×3 convolution, whose padding it does not shift': [new Sequential(norm(), conv()), 1],
  'one before a depthwise convolution': [new Sequential(norm(), new DepthwiseConv2d(4)), 1],
  'one with an activation before a 1×1 convolution': [new Sequential(norm('silu'), pointwise()), 1],
  'two in a row': [new Sequential(pointwise(), norm(), norm()), 0],
  'one that two 1×1 convolutions read': [
    new Custom({ norm: norm(), a: pointwise(), b: new Conv2d(4, 4, 1) }, (pass, x, { norm, a, b }) => {
      const y = norm.forward(pass, x);
      return pass.tape.run(add, { a: a.forward(pass, y), b: b.forward(pass, y) }, {});
    }),
    0,
  ],
  'one that a 1×1 convolution and a sum read': [
    new Custom({ norm: norm(), conv: pointwise() }, (pass, x, { norm, conv }) => {
      const y = norm.forward(pass, x);
      return pass.tape.run(add, { a: y, b: conv.forward(pass, y) }, {});
    }),
    1,
  ],
  'one after a convolution that a sum reads, too': [
    new Custom({ conv: conv(), norm: norm() }, (pass, x, { conv, norm }) => {
      const y = conv.forward(pass, x);
      return pass.tape.run(add, { a: y, b: norm.forward(pass, y) }, {});
    }),
    1,
  ],
  'one convolution that runs three times, with different normalisations and with none': [
    new Custom({ conv: conv(), norm1: norm('gelu'), norm2: norm() }, (pass, x, { conv, norm1, norm2 }) => {
      const y = norm2.forward(pass, conv.forward(pass, norm1.forward(pass, conv.forward(pass, x))));
      return conv.forward(pass, y);
    }),
    0,
  ],
  'blocks of a net of its own': [
    new Sequential(
      new Conv2d(4, 12, 3),
      new BatchNorm2d(12, 'silu'),
      new SqueezeExcite(12, { activation: 'silu', gate: 'hard_sigmoid' }),
      new MBConv(12, 4, 2, { dropout: { p: 0.5 } }),
    ),
    0,
  ],
};

test.each(Object.entries(bodies))('%s', async (_, [body, norms]) => {
  const module = classifier(body);
  const file = exportModule(module);
  expect(readOnnx(file).nodes.BatchNormalization ?? 0).toBe(norms);
  const images = randomImages(config, 3);
  const logits = await onnxLogits(file, images);
  const want = await logitsOfModule(await testDevice(), module, learntStateOf(module), images);
  expect(relativeError(logits.data as Float32Array, want)).toBeLessThan(1e-5);
});

/** An op that nobody wrote an ONNX rule for. */
const negate = defineOp({
  name: 'negate',
  shape: ({ x }: { x: Tensor }) => x.shape,
  forward: () => expect.fail('export must compute nothing'),
  backward() {},
});

test('what cannot be exported is one clear sentence', () => {
  const outside: Tensor = { storage: { bytes: 0 }, offset: 0, shape: [2, 4, 9, 9], dtype: 'f32' };
  const cases: [Module, string][] = [
    [
      classifier(new Custom({}, ({ tape }, x) => tape.run(negate, { x }, {}))),
      "The op 'negate' has no ONNX rule: a net that uses it cannot be exported.",
    ],
    [
      classifier(new Custom({}, ({ tape }, x) => tape.run(add, { a: x, b: outside }, {}))),
      'An op reads a tensor that is not the input, a parameter, a buffer or the output of an op: it cannot be exported.',
    ],
    [
      classifier(new Custom({}, ({ tape }, x) => tape.device.tensor(x.shape))),
      'The net uses the device in its forward pass, outside of ops: it cannot be exported.',
    ],
    [conv(), 'The net computes [2,4,9,9] from [2,4,9,9], expected logits [2,3].'],
    [new Sequential(mean(), new Linear(4, 5)), 'The net computes [2,5] from [2,4,9,9], expected logits [2,3].'],
  ];
  for (const [module, message] of cases) expect(() => exportModule(module)).toThrow(new UserError(message));
});

test("a net's own tensors are as before, whether the export succeeds or not", async () => {
  const device = await testDevice();
  const module = classifier(conv());
  new ParameterSet(device, module, new Random(1));
  const tensors = () => [...module.named()].map(([, variable]) => variable.tensor);
  const before = tensors();
  exportModule(module);
  expect(tensors()).toEqual(before);
  const state = learntStateOf(module);
  expect(() => exportOnnx(netOf(module, 4), state, normalization)).toThrow(UserError);
  for (const [i, tensor] of tensors().entries()) expect(tensor).toBe(before[i]);
  const fresh = classifier(conv());
  exportModule(fresh);
  expect(() => [...fresh.named()][0][1].tensor).toThrow(/ParameterSet/);
});
