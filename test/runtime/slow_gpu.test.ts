import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { gpuCapabilities } from '../../src/runtime/capabilities.ts';
import { cutSubmits, slowSeconds } from '../../src/runtime/slow_gpu.ts';
import { paperRecipe } from '../../src/train/recipe.ts';
import { trainingStep } from '../../src/train/step.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { openDevice, testDevice } from '../support/device.ts';
import { shiftKernel } from '../support/kernel.ts';

test('the time of a dispatch is that of its arithmetic or of its memory traffic, whichever is longer', () => {
  expect(slowSeconds({ flops: 4e11, bytes: 3e9 })).toBe(1);
  expect(slowSeconds({ flops: 4e10, bytes: 6e10 })).toBe(2);
});

/** FLOPs and bytes that take this many seconds. */
const lasting = (seconds: number) => ({ flops: seconds * 0.4e12, bytes: 0 });

test('dispatches of at most a second in all share a submit; a longer one has its own', () => {
  const cut = (...seconds: number[]) => cutSubmits(seconds.map(lasting)).map(({ first, end }) => [first, end]);
  expect(cut(0.25, 0.5)).toEqual([[0, 2]]);
  expect(cut(0.25, 0.5, 0.5, 0.25, 0.5)).toEqual([
    [0, 2],
    [2, 4],
    [4, 5],
  ]);
  expect(cut(0.25, 3, 0.25)).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
  expect(cut()).toEqual([]);
});

test('a recording of several submits runs its dispatches in their order', async () => {
  const device = await testDevice();
  const x = device.upload(Float32Array.of(1), [1]);
  using recording = await device.record(() => {
    let last = x;
    for (const seconds of [0.5, 0.5, 0.5]) {
      const y = device.tensor([1]);
      const launch = { kernel: shiftKernel, constants: { CONSTANT: 2 }, workgroups: [1] as const };
      device.dispatch({ ...launch, reads: { x: last }, writes: { y }, ...lasting(seconds) });
      last = y;
    }
    return last;
  });
  let submits = 0;
  const { queue } = device.gpu;
  queue.submit = (buffers) => {
    submits++;
    Object.getPrototypeOf(queue).submit.call(queue, buffers);
  };
  recording.run();
  Reflect.deleteProperty(queue, 'submit');
  expect(submits).toBe(2);
  expect([...(await device.read(recording.result))]).toEqual([7]);
});

/** Batches of 64, or as many pictures as the default limits allow at a time. */
const batches = { 'yynet-16': 64, 'yynet-32': 64, 'yynet-64': 64, 'yynet-imagenet': 7 } as const;

test.each(Object.entries(batches) as [keyof typeof batches, number][])(
  'no dispatch of %s with %i pictures takes a quarter of a second',
  async (name, batch) => {
    const longest = await longestDispatch(name, batch);
    expect(longest).toBeGreaterThan(1e-3);
    expect(longest).toBeLessThan(0.25);
  },
);

async function longestDispatch(name: keyof typeof presets, batch: number): Promise<number> {
  const device = await openDevice({ capabilities: gpuCapabilities });
  const { inputChannels, inputSize } = presets[name];
  const { module } = yynet.create(presets[name]);
  const parameters = new ParameterSet(device, module, new Random(0));
  const optimizer = new AdamW(device, parameters, { ...paperRecipe, scaled: false });
  const tensors = {
    pixels: device.tensor([batch, inputChannels, inputSize, inputSize], 'u8'),
    targets: device.tensor([batch], 'i32'),
    seed: device.tensor([2], 'u32'),
    totals: device.tensor([2]),
  };
  const context = { device, module, parameters, optimizer, recipe: paperRecipe, ...tensors };
  const { commands } = await device.record(() => trainingStep(context, tensors));
  device.destroy();
  return Math.max(...commands.map(slowSeconds));
}
