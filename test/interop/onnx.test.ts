import { expect, test } from 'vitest';
import { exportOnnx, type OnnxOptions } from '../../src/interop/onnx/export.ts';
import { mobilenetV3Small } from '../../src/mobilenet/architecture.ts';
import type { StateDict } from '../../src/nn/parameters.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets, type YYNetConfig } from '../../src/yinyang/config.ts';
import { testDevice } from '../support/device.ts';
import { relativeError } from '../support/op.ts';
import { learntState, learntStateOf, logitsOf, logitsOfModule, narrow, nets, randomImages } from './net.ts';
import { onnxLogits, readOnnx, withSession } from './onnx_file.ts';

function exportYYNet(config: YYNetConfig, state: StateDict, options: Partial<OnnxOptions> = {}): Uint8Array {
  const normalization = { mean: Array(config.inputChannels).fill(0.5), std: Array(config.inputChannels).fill(0.2) };
  return exportOnnx(yynet.create(config), state, { ...normalization, ...options });
}

test.each(Object.entries(nets))('%s: ONNX Runtime computes our logits, for 1 picture and for 3', async (_, config) => {
  const device = await testDevice();
  const state = learntState(config);
  const file = exportYYNet(config, state);
  for (const n of [1, 3]) {
    const images = randomImages(config, n);
    const logits = await onnxLogits(file, images);
    expect(logits.dims).toEqual([n, config.classes]);
    const error = relativeError(logits.data as Float32Array, await logitsOf(device, config, state, images));
    expect(error).toBeLessThan(1e-4);
  }
});

test('MobileNetV3-Small: ONNX Runtime computes our logits, and all normalisations are folded', async () => {
  const { module, ...net } = mobilenetV3Small.create({ width: 0.15, inputSize: 33, classes: 3 });
  const state = learntStateOf(module);
  const file = exportOnnx({ module, ...net }, state, { mean: Array(3).fill(0.5), std: Array(3).fill(0.2) });
  const images = randomImages(net.config, 2);
  const { data } = await onnxLogits(file, images);
  const want = await logitsOfModule(await testDevice(), module, state, images);
  expect(relativeError(data as Float32Array, want)).toBeLessThan(1e-4);
  const { nodes } = readOnnx(file);
  expect(nodes).toMatchObject({ HardSwish: 19, Relu: 14, HardSigmoid: 9 });
  expect(nodes).not.toHaveProperty('BatchNormalization');
});

test('the graph of YYNet is compact: all normalisations are folded, and nothing is there twice', () => {
  const config = presets['yynet-16'];
  const [residuals, mbconvs, strided] = [3, 8, 3];
  const gelus = 2 * residuals + 3 * mbconvs + 1;
  expect(readOnnx(exportYYNet(config, learntState(config))).nodes).toEqual({
    Conv: 3 * residuals + 5 * mbconvs + strided,
    ...{ Div: gelus, Erf: gelus },
    Add: gelus + residuals + mbconvs + 1,
    Mul: 2 * gelus + mbconvs,
    ...{ GlobalAveragePool: mbconvs + 1, Sigmoid: mbconvs, MaxPool: strided },
    ...{ ReduceMean: 1, Flatten: 1, Gemm: 2 },
  });
});

test('a fixed batch size is the only one that the file takes', async () => {
  const device = await testDevice();
  const state = learntState(narrow);
  const file = exportYYNet(narrow, state, { batch: 3 });
  const shapes = (file: Uint8Array) =>
    withSession(file, ({ inputMetadata: [input], outputMetadata: [output] }) =>
      [input, output].map((value) => value.isTensor && value.shape),
    );
  expect(await shapes(exportYYNet(narrow, state))).toEqual([
    ['N', 3, 32, 32],
    ['N', 3],
  ]);
  expect(await shapes(file)).toEqual([
    [3, 3, 32, 32],
    [3, 3],
  ]);
  const images = randomImages(narrow, 3);
  const { data } = await onnxLogits(file, images);
  expect(relativeError(data as Float32Array, await logitsOf(device, narrow, state, images))).toBeLessThan(1e-4);
  await expect(onnxLogits(file, randomImages(narrow, 2))).rejects.toThrow(/invalid dimensions/);
});

test('the metadata has the classes, the normalisation and the input size', () => {
  const file = exportYYNet(narrow, learntState(narrow), { classNames: ['cat', 'dog', 'Käfer'] });
  expect(readOnnx(file).metadata).toEqual({
    class_names: '["cat","dog","Käfer"]',
    mean: '[0.5,0.5,0.5]',
    std: '[0.2,0.2,0.2]',
    input_size: '32',
    temperature: '1',
  });
});

test('a state or options that do not fit the net are named', () => {
  const state = learntState(narrow);
  const { 'fc2.bias': _, ...headless } = state;
  const exporting = (state: StateDict, options: Partial<OnnxOptions>) => () => exportYYNet(narrow, state, options);
  expect(exporting(headless, {})).toThrow(new UserError("Tensor 'fc2.bias' is missing, expected [3]."));
  expect(exporting(state, { mean: [0.5] })).toThrow(new UserError('mean has 1 entries, expected 3.'));
  expect(exporting(state, { std: [] })).toThrow(new UserError('std has 0 entries, expected 3.'));
  expect(exporting(state, { classNames: ['cat'] })).toThrow(new UserError('classNames has 1 entries, expected 3.'));
  for (const batch of [0, 1.5]) {
    const message = `batch must be a whole number of at least 1, got ${batch}.`;
    expect(exporting(state, { batch })).toThrow(new UserError(message));
  }
});
