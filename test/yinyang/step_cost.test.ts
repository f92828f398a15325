import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { gpuCapabilities, softwareCapabilities } from '../../src/runtime/capabilities.ts';
import { paperRecipe } from '../../src/train/recipe.ts';
import { trainingStep } from '../../src/train/step.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { openDevice } from '../support/device.ts';

// What a step costs on any machine. Each figure may fall, but not grow unseen.

const kinds = { 'a GPU': gpuCapabilities, 'a software adapter': softwareCapabilities(8, 8) };

test.each(Object.entries(kinds))(
  "dispatches, bytes and memory of YYNet-16's step, with the tiles of %s",
  {
    timeout: 400_000,
  },
  async (_, capabilities) => {
    const device = await openDevice({ capabilities });
    const module = new YYNet(presets['yynet-16']);
    const parameters = new ParameterSet(device, module, new Random(0));
    const optimizer = new AdamW(device, parameters, paperRecipe);
    const pixels = device.tensor([64, 3, 32, 32], 'u8');
    const targets = device.tensor([64], 'i32');
    const totals = device.upload(new Float32Array(2), [2]);
    const seed = device.tensor([2], 'u32');
    const context = { device, module, parameters, optimizer, recipe: paperRecipe, seed, totals };
    const { cost } = await device.record(() => trainingStep(context, { pixels, targets }));
    expect(cost.dispatches).toBe(188);
    expect(cost.bytes).toBeLessThan(1.372e9);
    expect(device.memory.peak).toBeLessThan(223e6);
    device.destroy();
  },
);
