import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { createSteps } from '../../src/train/create_steps.ts';
import { alone } from '../../src/train/group.ts';
import { type Recipe, shapesRecipe } from '../../src/train/recipe.ts';
import { runParts } from '../../src/train/recorded_steps.ts';
import type { StepContext } from '../../src/train/step.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { testDevice } from './device.ts';

export const smallNet = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8, classes: 10 };

const pictures = shapes({ train: 32, validation: 1 }).train;

/** Takes one step on the pictures at `indices`, without augmentation. Returns the state, the gradients and the mean loss. */
export async function takeStep(indices: readonly number[], changes: Partial<Recipe> = {}) {
  const device = await testDevice();
  const net = new YYNet(smallNet);
  const parameters = new ParameterSet(device, net, new Random(3));
  const optimizer = new AdamW(device, parameters, { maxNorm: 1 });
  const recipe = { ...shapesRecipe, padding: 0, flip: false, brightness: 0, ...changes };
  const isWhole = recipe.microBatch === 0 && recipe.shards === 1;
  const context: StepContext = {
    ...{ device, module: net, parameters, optimizer, recipe },
    ...{ seed: device.tensor([isWhole ? 2 : 3], 'u32'), totals: device.upload(new Float32Array(2), [2]) },
  };
  const steps = createSteps(context, alone);
  const size = indices.length;
  await steps.record(size, pictures);
  const images = new Uint8Array(size * 3 * 32 * 32);
  await pictures.read(Uint32Array.from(indices), images);
  const labels = Int32Array.from(indices, (i) => pictures.labels[i]);
  optimizer.prepare({ learningRate: 0.01 });
  await runParts(steps.parts({ size, images, labels, seed: [7, 5] }));
  const [loss, correct] = await device.read(context.totals);
  const state = await parameters.stateDict();
  const gradients = await device.read(parameters.gradients);
  steps.dispose();
  return { state, gradients, loss: loss / size, correct };
}
