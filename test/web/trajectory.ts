import { shapes } from '../../src/data/shapes.ts';
import type { Device } from '../../src/runtime/device.ts';
import { type Precision, shapesRecipe } from '../../src/train/recipe.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';

const STEPS = 20;

/** The loss of each of the first 20 steps of a small net, augmentation, dropout and all. */
export async function trajectory(device: Device, precision: Precision = 'f32'): Promise<number[]> {
  const config = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
  const recipe = { ...shapesRecipe, epochs: 1, batchSize: 8, precision };
  const data = shapes({ train: STEPS * recipe.batchSize, validation: recipe.batchSize });
  const trainer = await Trainer.create(device, yynet.create(config), data, recipe, { seed: 1 });
  const totals: number[] = [];
  await trainer.run({ onStep: async () => void totals.push((await device.read(trainer.totals))[0]) });
  return totals.map((total, i) => (total - (totals[i - 1] ?? 0)) / recipe.batchSize);
}
