import { expect, test } from 'vitest';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { Classifier, softmax } from '../../src/train/classifier.ts';
import { Evaluation } from '../../src/train/evaluation.ts';
import { shapesRecipe as recipe } from '../../src/train/recipe.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { testDevice } from '../support/device.ts';

const config = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
const { validation } = shapes({ train: 10, validation: 30 });

async function trained() {
  const device = await testDevice();
  const net = new YYNet(config);
  const state = await new ParameterSet(device, net, new Random(5)).stateDict();
  return {
    device,
    net,
    classifier: await Classifier.create(device, { classNames: validation.classes, config, recipe, state }, 8),
  };
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

test('a batch that the adapter cannot hold is one clear sentence, with a size that it can', async () => {
  const { device, net } = await trained();
  const state = await new ParameterSet(device, net, new Random(5)).stateDict();
  const creating = Classifier.create(device, { classNames: validation.classes, config, recipe, state }, 2 ** 30);
  await expect(creating).rejects.toThrow(/^A batch size of 1073741824 does not fit .*, a batch size of \d+ should: /);
});

test('softmax bears large logits', () => {
  expect([...softmax(new Float32Array([1000, 1000, -1000]))]).toEqual([0.5, 0.5, 0]);
});
