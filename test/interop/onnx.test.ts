import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { PbfReader } from 'pbf';
import { expect, test } from 'vitest';
import { exportOnnx } from '../../src/interop/onnx.ts';
import type { StateDict } from '../../src/nn/parameters.ts';
import { UserError } from '../../src/runtime/errors.ts';
import type { YYNetConfig } from '../../src/yinyang/config.ts';
import { testDevice } from '../support/device.ts';
import { relativeError } from '../support/op.ts';
import { learntState, logitsOf, narrow, nets, randomImages } from './net.ts';

env.wasm.numThreads = 1; // more would need workers

const normalisation = ({ inputChannels }: YYNetConfig) => ({
  mean: Array(inputChannels).fill(0.5),
  std: Array(inputChannels).fill(0.2),
});

test.each(Object.entries(nets))('%s: ONNX Runtime gives our logits, for 1 picture and for 3', async (_, config) => {
  const device = await testDevice();
  const state = learntState(config);
  const session = await InferenceSession.create(exportOnnx(config, state, normalisation(config)));
  for (const n of [1, 3]) {
    const images = randomImages(config, n);
    const { logits } = await session.run({ images: new Tensor('float32', images.data, images.shape) });
    expect(logits.dims).toEqual([n, config.classes]);
    const error = relativeError(logits.data as Float32Array, await logitsOf(device, config, state, images));
    expect(error).toBeLessThan(1e-4);
  }
  await session.release();
});

/** The metadata_props of an ONNX file. */
const metadataOf = (file: Uint8Array) =>
  new PbfReader(file).readFields<Record<string, string>>((tag, metadata, pbf) => {
    if (tag !== 14) return;
    const [key, value] = pbf.readMessage<string[]>((_, entry, pbf) => entry.push(pbf.readString()), []);
    metadata[key] = value;
  }, {});

test('the file tells the classes, the normalisation and the input size', () => {
  const options = { ...normalisation(narrow), classNames: ['cat', 'dog', 'Käfer'] };
  expect(metadataOf(exportOnnx(narrow, learntState(narrow), options))).toEqual({
    class_names: '["cat","dog","Käfer"]',
    mean: '[0.5,0.5,0.5]',
    std: '[0.2,0.2,0.2]',
    input_size: '32',
  });
});

test('a state or options that do not fit the config are named', () => {
  const state = learntState(narrow);
  const { 'fc2.bias': _, ...headless } = state;
  const exporting = (state: StateDict, options: object) => () =>
    exportOnnx(narrow, state, { ...normalisation(narrow), ...options });
  expect(exporting(headless, {})).toThrow(new UserError("Tensor 'fc2.bias' is missing, expected [3]."));
  expect(exporting(state, { mean: [0.5] })).toThrow(new UserError('mean has 1 entries, expected 3.'));
  expect(exporting(state, { std: [] })).toThrow(new UserError('std has 0 entries, expected 3.'));
  expect(exporting(state, { classNames: ['cat'] })).toThrow(new UserError('classNames has 1 entries, expected 3.'));
});
