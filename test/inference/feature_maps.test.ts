import { expect, test } from 'vitest';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { FeatureMaps } from '../../src/inference/feature_maps.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { unevenParameters } from '../support/blocks.ts';
import { testDevice } from '../support/device.ts';
import { relativeError } from '../support/op.ts';

const config = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
// The same for all channels, so that channels which change places leave their mean as it was.
const recipe = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const { train } = shapes({ train: 1, validation: 1 });
const PLANE = 32 * 32;

async function makeMaps() {
  const device = await testDevice();
  const net = new YYNet(config);
  const parameters = await unevenParameters(device, net, new Random(3));
  const state = await parameters.stateDict();
  const maps = await FeatureMaps.create(device, {
    architecture: yynet,
    config,
    recipe,
    classNames: train.classes,
    state,
  });
  return { device, net, maps, state };
}

test('a map for each block of both branches, the last as the branch itself computes it layer by layer', async () => {
  const { device, net, maps } = await makeMaps();
  const { yin, yang } = await maps.of(train.images);
  expect(yin.map(({ shape }) => shape)).toEqual([
    [4, 32, 32],
    [4, 32, 32],
    [4, 32, 32],
    [4, 16, 16],
  ]);
  expect(yang.map(({ shape }) => shape)).toEqual([
    [4, 32, 32],
    [4, 16, 16],
    [4, 16, 16],
    [4, 16, 16],
  ]);

  const x = device.upload(
    Float32Array.from(train.images, (value) => (value / 255 - 0.5) / 0.25),
    [1, 3, 32, 32],
  );
  const want = net.yang.forward({ tape: new Tape(device), training: false }, x);
  expect(relativeError(yang[3].data, await device.read(want))).toBeLessThan(1e-5);
});

test('other weights give other maps, and the former ones the former maps', async () => {
  const { device, maps, state } = await makeMaps();
  const before = await maps.of(train.images);
  maps.load(await new ParameterSet(device, new YYNet(config), new Random(4)).stateDict());
  expect(relativeError((await maps.of(train.images)).yin[0].data, before.yin[0].data)).toBeGreaterThan(0.1);
  maps.load(state);
  expect(await maps.of(train.images)).toEqual(before);
});

test('Yin sees no colour: channels that change places change Yang alone', async () => {
  const { maps } = await makeMaps();
  const turned = new Uint8Array(train.images.length);
  for (let c = 0; c < 3; c++) turned.set(train.images.subarray(c * PLANE, (c + 1) * PLANE), ((c + 1) % 3) * PLANE);
  const before = await maps.of(train.images);
  const after = await maps.of(turned);
  expect(relativeError(after.yin[3].data, before.yin[3].data)).toBeLessThan(1e-5);
  expect(relativeError(after.yang[3].data, before.yang[3].data)).toBeGreaterThan(0.1);
});
