// A YYNet in yynet. Unlike the other peers, its step uploads and normalises u8 pixels and averages the weights.
import { readFile } from 'node:fs/promises';
import { paperRecipe } from '../../dist/index.js';
import { openNodeDevice, requestNodeAdapter } from '../../dist/node.js';
import { Engine } from '../engine.js';
import { adapterName, model, readReference, serve } from './peer.js';

const recipe = { ...paperRecipe, amsgrad: false, padding: 0, brightness: 0, flip: false };

const { pixels, images, targets, shape, weights } = await readReference();
const device = await openNodeDevice(await requestNodeAdapter({ adapter: adapterName }));
const engine = await Engine.create(device, { model, batch: shape[0], recipe });
engine.parameters.loadStateDict({ ...(await engine.parameters.stateDict()), ...weights });
const infer = await engine.inference();
const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url)));

await serve(version, {
  infer: () => infer(images),
  async train() {
    await engine.train(pixels, targets);
    return [await engine.loss()];
  },
});
