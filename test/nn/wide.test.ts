import { afterAll, test } from 'vitest';
import { MBConv } from '../../src/nn/blocks.ts';
import type { Module } from '../../src/nn/module.ts';
import { gpuCapabilities } from '../../src/runtime/capabilities.ts';
import { expectSame, trainBlock } from '../support/blocks.ts';
import { openDevice, testDevice } from '../support/device.ts';

// Widths, planes and batches at which a kernel has several tiles, a tile that overhangs, or a workgroup with too many threads.
const shapes: Record<string, [() => Module, number[]]> = {
  'several tiles of channels': [() => new MBConv(64, 64), [8, 64, 16, 16]],
  'a tile that overhangs, large planes': [() => new MBConv(16, 18), [2, 16, 112, 112]],
  'small planes of an odd batch': [() => new MBConv(8, 8), [97, 8, 4, 4]],
  'channels that no slice divides, odd planes': [() => new MBConv(36, 44), [3, 36, 5, 7]],
  'many channels, stride 2': [() => new MBConv(32, 40, 2), [5, 32, 8, 8]],
};

const gpu = await openDevice({ capabilities: gpuCapabilities });
afterAll(() => gpu.destroy());

test.each(Object.entries(shapes))(
  "%s: fused, with this adapter's tiles and a GPU's, as layer by layer",
  async (_, [create, shape]) => {
    const device = await testDevice();
    const want = await trainBlock(device, create, shape, { fused: false });
    for (const on of [device, gpu]) expectSame(await trainBlock(on, create, shape, {}), want);
  },
);
