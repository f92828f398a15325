import { expect, test } from 'vitest';
import { shapes } from '../../src/data/shapes.ts';
import { defineArchitecture } from '../../src/nn/architecture.ts';
import { MBConv } from '../../src/nn/blocks.ts';
import { Conv2d, Linear } from '../../src/nn/layers.ts';
import { Sequential } from '../../src/nn/module.ts';
import { GlobalAvgPool } from '../../src/nn/stateless.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { type Recipe, shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { testDevice } from '../support/device.ts';

const frozen = defineArchitecture({
  name: 'frozen body',
  config: { inputSize: 32, inputChannels: 3, classes: 10 },
  build: () =>
    new Sequential(
      new Sequential(new Conv2d(3, 4, 3, { stride: 2 }), new MBConv(4, 4, 2)).freeze(),
      ...[new Conv2d(4, 8, 1), new GlobalAvgPool(), new Linear(8, 10)],
    ),
});

const recipes: Record<string, Partial<Recipe>> = {
  AdamW: {},
  'SGD without momentum or average': { optimizer: 'sgd', momentum: 0, averageDecay: 0, schedule: 'cosine' },
};

test.each(Object.entries(recipes))(
  '%s trains a net with a frozen body, saves and resumes it to the same bits',
  async (_, changes) => {
    const device = await testDevice();
    const data = shapes({ train: 40, validation: 10 });
    const recipe = { ...shapesRecipe, ...changes, epochs: 2, batchSize: 10 };
    const begin = () => Trainer.create(device, frozen.create(), data, recipe, { seed: 1 });
    const whole = await begin();
    const before = await whole.stateDict();
    await whole.run();
    const after = await whole.stateDict();
    const changed = Object.keys(after).filter((name) => `${after[name].data}` !== `${before[name].data}`);
    expect(changed).toEqual(['1.weight', '1.bias', '3.weight', '3.bias']);

    const stopped = await begin();
    await stopped.run({}, { maxSteps: 5 });
    const checkpoint = decodeCheckpoint(encodeCheckpoint(await stopped.checkpoint()), [frozen]);
    const resumed = await Trainer.resume(device, checkpoint, data);
    await resumed.run();
    expect(await resumed.stateDict()).toEqual(after);
  },
);
