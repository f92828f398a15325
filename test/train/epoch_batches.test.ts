import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { batchSizes, shuffledBatches, stepsPerEpoch } from '../../src/train/epoch_batches.ts';
import { fittingBatchSize, paperRecipe, shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { testDevice } from '../support/device.ts';

test.each([
  { length: 8, batchSize: 4, sizes: [4, 4] },
  { length: 10, batchSize: 4, sizes: [4, 4, 2] },
  { length: 9, batchSize: 4, sizes: [4, 5] },
  { length: 5, batchSize: 4, sizes: [5] },
  { length: 3, batchSize: 4, sizes: [3] },
  { length: 1, batchSize: 4, sizes: [1] },
  { length: 3, batchSize: 1, sizes: [1, 1, 1] },
])('$length pictures in batches of $batchSize are batches of $sizes', ({ length, batchSize, sizes }) => {
  const order = shuffledBatches(length, batchSize, new Random(1));
  expect(order.map((batch) => batch.length)).toEqual(sizes);
  expect(order.flatMap((batch) => [...batch]).sort((a, b) => a - b)).toEqual([...Array(length).keys()]);
  expect(stepsPerEpoch(length, batchSize)).toBe(sizes.length);
  expect(batchSizes(length, batchSize)).toEqual([...new Set(sizes)]);
});

test('few pictures get a batch size of eight steps an epoch', () => {
  for (const pictures of [2, 16, 54, 100, 511, 512, 50_000]) {
    const size = fittingBatchSize(paperRecipe, pictures);
    expect(size).toBeLessThanOrEqual(64);
    if (pictures >= 16) expect(stepsPerEpoch(pictures, size), `${pictures}`).toBeGreaterThanOrEqual(8);
    if (pictures >= 512) expect(size).toBe(64);
    expect(size).toBeGreaterThan(1);
  }
});

// The body ends with planes of one pixel.
const config = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8, inputSize: 8 };
const recipe = { ...shapesRecipe, epochs: 2, padding: 1, batchSize: 8 };

function tinyPictures(train: number) {
  const { train: all, validation } = shapes({ train, validation: 10 });
  const crop = (pictures: typeof all) => ({
    ...pictures,
    ...{ height: 8, width: 8, read: (indices: Uint32Array, images: Uint8Array) => void images.fill(indices[0] * 20) },
  });
  return { train: crop(all), validation: crop(validation) };
}

test('a net that ends with planes of one pixel trains where one picture is left over', async () => {
  const device = await testDevice();
  const trainer = await Trainer.create(device, yynet.create(config), tinyPictures(17), recipe, { seed: 1 });
  expect(trainer.stepsPerEpoch).toBe(2);
  const metrics = (await trainer.run())!;
  expect(metrics.step).toBe(4);
  expect(Number.isFinite(metrics.train_loss + metrics.val_loss)).toBe(true);
  for (const { data } of Object.values(await trainer.stateDict())) expect(data.every(Number.isFinite)).toBe(true);
});

test.each([
  ['one picture', 1, {}],
  ['batches of one', 4, { batchSize: 1 }],
  ['micro-batches of one', 4, { microBatch: 1 }],
])('such a net refuses %s before training', async (_, pictures, changes) => {
  const device = await testDevice();
  const { inUse } = device.memory;
  const creating = Trainer.create(
    device,
    yynet.create(config),
    tinyPictures(pictures),
    { ...recipe, ...changes },
    {
      seed: 1,
    },
  );
  await expect(creating).rejects.toThrow(UserError);
  await expect(creating).rejects.toThrow(
    /batch of 1 leaves batch normalisation one value .* 8 × 8 pictures to one pixel/,
  );
  expect(device.memory.inUse).toBe(inUse);
});
