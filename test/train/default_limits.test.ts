import { expect, test } from 'vitest';
import type { Pictures } from '../../src/data/dataset.ts';
import { exportOnnx } from '../../src/interop/onnx/export.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { type Precision, shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { openDefaultDevice } from '../support/device.ts';

/** Dark and light pictures in turn. */
const pictures = (length: number): Pictures => ({
  ...{ name: 'colours', classes: ['dark', 'light'], channels: 3, height: 224, width: 224, length },
  labels: Int32Array.from({ length }, (_, i) => i % 2),
  read: (indices, images) => {
    const bytes = 3 * 224 * 224;
    for (const [i, index] of indices.entries()) images.fill(40 + 100 * (index % 2), i * bytes, (i + 1) * bytes);
  },
});
const data = { train: pictures(32), validation: pictures(2) };

/** As wide as an adapter on the CPU can run in time. The widest tensor of a batch of 32 takes 161 MB in f32. */
const thin = {
  channels: 6,
  channelsAdded: 0,
  bodyChannels: 6,
  branchBlocks: 1,
  bodyLayers: 1,
  bodyBlocks: 1,
  hidden: 8,
};
const config = { ...presets['yynet-imagenet'], ...thin, classes: 2 };

/** f16 halves each tensor: the whole batch fits. */
const cases: [Precision, microBatch: number, features: GPUFeatureName[]][] = [
  ['f32', 16, []],
  ['mixed', 0, ['shader-f16']],
];

test.each(cases)(
  'batches of 32 pictures of 224 × 224 in %s under the default limits: training, evaluation, resume, export',
  async (precision, microBatch, features) => {
    const device = await openDefaultDevice(features);
    expect(device.gpu.limits).toMatchObject({
      maxStorageBuffersPerShaderStage: 8,
      maxStorageBufferBindingSize: 2 ** 27,
    });
    const recipe = { ...shapesRecipe, epochs: 2, batchSize: 32, precision };
    using trainer = await Trainer.create(device, yynet.create(config), data, recipe, { seed: 1 });
    expect(trainer.recipe.microBatch).toBe(microBatch);
    const metrics = await trainer.run({}, { maxSteps: 1 });
    expect(metrics).toMatchObject({ epoch: 1, val_accuracy: expect.any(Number) });
    const checkpoint = decodeCheckpoint(encodeCheckpoint(await trainer.checkpoint()), [yynet]);
    using resumed = await Trainer.resume(device, checkpoint, data);
    expect(await resumed.run()).toMatchObject({ epoch: 2, step: 2 });
    const state = await resumed.stateDict();
    expect(exportOnnx(yynet.create(config), state, recipe).length).toBeGreaterThan(10_000);
  },
);
