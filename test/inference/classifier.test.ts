import { expect, test } from 'vitest';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { calibrate } from '../../src/inference/calibrate.ts';
import { Classifier, softmax } from '../../src/inference/classifier.ts';
import type { Calibration } from '../../src/inference/loaded_net.ts';
import { isUnlike } from '../../src/inference/prediction.ts';
import { exportOnnx } from '../../src/interop/onnx/export.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { Evaluation } from '../../src/train/evaluation.ts';
import { shapesRecipe as recipe } from '../../src/train/recipe.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { onnxOutputs, readOnnx } from '../interop/onnx_file.ts';
import { testDevice } from '../support/device.ts';

const config = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
const data = shapes({ train: 10, validation: 30 });
const { validation } = data;

async function trained(calibration?: Calibration) {
  const device = await testDevice();
  const net = new YYNet(config);
  const state = await new ParameterSet(device, net, new Random(5)).stateDict();
  const trained = { architecture: yynet, classNames: validation.classes, config, recipe, state, calibration };
  return { device, net, trained, classifier: await Classifier.create(device, trained, 8) };
}

test('gives the logits of the net layer by layer, whatever lay in the batch before', async () => {
  const { device, net, classifier } = await trained();
  const { images, channels, height, width } = validation;
  const size = channels * height * width;
  const plane = height * width;
  const normalised = Float32Array.from(images.subarray(0, 3 * size), (pixel, i) => {
    const c = Math.floor(i / plane) % channels;
    return (pixel / 255 - recipe.mean[c]) / recipe.std[c];
  });
  const x = device.upload(normalised, [3, channels, height, width]);
  const want = await device.read(net.forward({ tape: new Tape(device), training: false }, x));
  await classifier.logits(images.subarray(8 * size, 16 * size), 8);
  const got = await classifier.logits(images.subarray(0, 3 * size), 3);
  expect(got.length).toBe(3 * config.classes);
  for (const [i, logit] of got.entries()) expect(logit).toBeCloseTo(want[i], 4);
  await expect(classifier.logits(images, 9)).rejects.toThrow('at most 8 pictures, got 9');
});

test('scores a data set as training does', async () => {
  const { device, net, classifier } = await trained();
  const want = await (await Evaluation.record(device, net, validation, 8, recipe)).run();
  const done: number[] = [];
  const { loss, confusion } = await classifier.evaluate(validation, (count) => done.push(count));
  expect(done).toEqual([8, 16, 24, 30]);
  expect(loss).toBeCloseTo(want.loss, 4);
  expect(confusion.accuracy).toBeCloseTo(want.accuracy, 6);
  expect(confusion.total).toBe(30);
});

test('a calibrated net gives softmax(logits / temperature), one by one and of a data set', async () => {
  const { classifier } = await trained({ temperature: 2.5 });
  const logits = (await classifier.logits(validation.images, 1)).map((logit) => logit / 2.5);
  const want = [...softmax(logits)].sort((a, b) => b - a);
  const [predictions] = await classifier.predict(validation.images, 1);
  expect(predictions.classes.map(({ probability }) => probability)).toEqual(want.map((p) => expect.closeTo(p, 6)));
  const { value } = await classifier.classify(validation, 1).next();
  expect(Math.exp(Math.max(...value![0].logProbabilities))).toBeCloseTo(want[0], 6);
});

test('the temperature that is measured has the lowest cross entropy, whatever the net had before', async () => {
  const { device, trained: net } = await trained({ temperature: 40 });
  const calibration = await calibrate(device, net, data, 8);
  expect(calibration).toEqual(await calibrate(device, { ...net, calibration: undefined }, data, 7));
  const lossAt = async (temperature: number) => {
    const classifier = await Classifier.create(device, { ...net, calibration: { temperature } }, 8);
    return (await classifier.evaluate(validation)).loss;
  };
  expect(await lossAt(calibration.temperature)).toBeLessThan(await lossAt(1));
});

/** Pictures of random pixels. */
function noise(count: number): Uint8Array {
  const random = new Random(9);
  return Uint8Array.from({ length: count * 3 * 32 * 32 }, () => random.int(256));
}

test('noise is unlike shapes, and shapes are not; as ONNX Runtime finds, too', async () => {
  const { device, trained: net } = await trained();
  const data = shapes({ train: 120, validation: 60 });
  const calibration = await calibrate(device, net, data, 8);
  const calibrated = { ...net, calibration };
  const classifier = await Classifier.create(device, calibrated, 8);
  const { unlike } = await classifier.evaluate(shapes({ seed: 5, train: 1, validation: 100 }).validation);
  expect(unlike).toBeLessThan(0.12);
  const foreign = noise(3);
  const predictions = await classifier.predict(foreign, 3);
  expect(predictions.map(isUnlike)).toEqual([true, true, true]);
  const [like] = await classifier.predict(data.validation.images, 1);
  const file = exportOnnx(net.architecture.create(config), net.state, { ...recipe, ...calibration });
  const threshold = Number(readOnnx(file).metadata.distance_threshold);
  expect(threshold).toBe(calibration.space!.threshold);
  for (const [pixels, distance] of [
    [foreign.subarray(0, 3072), predictions[0].distance!],
    [data.validation.images.subarray(0, 3072), like.distance!],
  ] as const) {
    const data = Float32Array.from(pixels, (pixel, i) => {
      const c = Math.floor(i / 1024);
      return (pixel / 255 - recipe.mean[c]) / recipe.std[c];
    });
    const found = await onnxOutputs(file, { shape: [1, 3, 32, 32], data });
    expect(found.distance.dims).toEqual([1, 1]);
    expect(Math.sqrt((found.distance.data[0] as number) / threshold) / distance).toBeCloseTo(1, 2);
  }
});

test('a feature space of another net is one clear sentence', async () => {
  const square = { shape: [2, 2], data: new Float32Array(4) };
  const space = { weight: square, bias: { shape: [2], data: new Float32Array(2) }, threshold: 1 };
  await expect(trained({ temperature: 1, space })).rejects.toThrow(
    /^The calibration is of 2 features, but the net has \d+\.$/,
  );
});

test('a batch that the adapter cannot hold is one clear sentence, with a size that it can', async () => {
  const { device, trained: net } = await trained();
  const creating = Classifier.create(device, net, 2 ** 30);
  await expect(creating).rejects.toThrow(/^A batch size of 1073741824 does not fit .*, a batch size of \d+ should: /);
});

test('softmax bears large logits', () => {
  expect([...softmax(new Float32Array([1000, 1000, -1000]))]).toEqual([0.5, 0.5, 0]);
});
