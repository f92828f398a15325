import { describe, expect, test } from 'vitest';
import { inlinedChunks, mergedChunks, WORKGROUP_BYTES } from '../../kernels/common/tiles.ts';
import * as conv3x3 from '../../kernels/conv3x3/tiles.ts';
import { bandTiles } from '../../kernels/depthwise/tiles.ts';
import * as outer from '../../kernels/pointwise/outer_tiles.ts';
import * as pointwise from '../../kernels/pointwise/tiles.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { gpuCapabilities, softwareCapabilities } from '../../src/runtime/capabilities.ts';
import type { Tiles } from '../../src/runtime/tuning.ts';
import { type Preset, presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { openDevice } from '../support/device.ts';
import { NthChoice } from '../support/tuning.ts';

const ADAPTERS = {
  GPU: gpuCapabilities,
  llvmpipe: softwareCapabilities(8, 8),
  'llvmpipe of 512 bits': softwareCapabilities(16, 16),
  SwiftShader: softwareCapabilities(4, 4),
};
const CHANNELS = [1, 2, 3, 5, 8, 9, 16, 17, 18, 33, 64, 66, 72, 100, 256, 1000];
const POSITIONS = [1, 7, 64, 1000, 16384, 1 << 20];

/** A few choices, all different, of whole numbers above 0. */
function expectChoices(choices: readonly Tiles[]): void {
  expect(choices.length).toBeGreaterThan(0);
  expect(choices.length).toBeLessThanOrEqual(6);
  expect(new Set(choices.map((choice) => JSON.stringify(choice))).size).toBe(choices.length);
  for (const value of choices.flatMap(Object.values)) {
    expect(Number.isSafeInteger(value)).toBe(true);
    expect(value).toBeGreaterThan(0);
  }
}

/** Expects the smallest tile that covers the extent with the same number of tiles. */
const expectEven = (extent: number, tile: number) => expect(tile).toBe(Math.ceil(extent / Math.ceil(extent / tile)));

describe.each(Object.entries(ADAPTERS))('%s', (_, capabilities) => {
  const { largeTiles, teamThreads } = capabilities;

  test('conv3x3 products: even tiles that registers and workgroup memory have room for', () => {
    for (const channels of CHANNELS) {
      for (const positions of POSITIONS) {
        const choices = conv3x3.multiplyTiles(capabilities, channels, positions);
        expectChoices(choices);
        for (const tile of choices) expectProductTile(channels, tile, largeTiles ? 32 : 16);
      }
    }
  });

  test('pointwise products: even tiles that registers and workgroup memory have room for', () => {
    for (const cOut of CHANNELS) {
      for (const cIn of CHANNELS) {
        for (const positions of POSITIONS) {
          for (const use of [undefined, { perThread: 12, fixed: 0 }, { perThread: 28, fixed: 16 * cIn }]) {
            const choices = pointwise.multiplyTiles(capabilities, { cIn, cOut, positions }, use);
            expectChoices(choices);
            for (const tile of choices) {
              if (tile.SLICES > 1) expectSlicedTile(cOut, tile, use);
              else expectProductTile(cOut, tile, largeTiles ? 64 : 16);
            }
          }
        }
      }
    }
  });

  test('pointwise products are staged on a GPU where many channels meet many', () => {
    const slices = (cIn: number, cOut: number, positions = 1 << 20) =>
      pointwise.multiplyTiles(capabilities, { cIn, cOut, positions })[0].SLICES;
    expect(slices(15, 64)).toBe(1);
    expect(slices(64, 31)).toBe(1);
    expect(slices(16, 32)).toBe(largeTiles ? 1 : 4);
    expect(slices(256, 64)).toBe(largeTiles ? 1 : 8);
    expect(slices(64, 256, 64)).toBe(largeTiles ? 1 : 8);
    expect(slices(32, 72)).toBe(largeTiles ? 1 : 5);
  });

  function expectProductTile(
    channels: number,
    { TILE_O, VECTORS }: { TILE_O: number; VECTORS: number },
    most: number,
  ): void {
    expectEven(channels, TILE_O);
    expect(TILE_O * VECTORS).toBeLessThanOrEqual(most);
    // workgroup_moments.wgsl: three floats for each thread and channel.
    expect(12 * teamThreads * TILE_O).toBeLessThan(WORKGROUP_BYTES);
  }

  /** Slices of whole vectors of channels, none without work, in at most 256 threads and the workgroup memory there is. */
  function expectSlicedTile(
    cOut: number,
    { TILE_O, VECTORS, SLICES, LOADS }: pointwise.ProductTile,
    use = { perThread: 0, fixed: 0 },
  ): void {
    const threads = pointwise.productThreads({ SLICES }, teamThreads);
    expect(threads).toBeLessThanOrEqual(256);
    expect(TILE_O % 4).toBe(0);
    expect(TILE_O * VECTORS).toBeLessThanOrEqual(16);
    const perWorkgroup = SLICES * TILE_O;
    expect((Math.ceil(cOut / perWorkgroup) * SLICES - SLICES) * TILE_O).toBeLessThan(cOut);
    const step = SLICES * LOADS;
    const staged = 16 * step * VECTORS * (threads / SLICES) + 4 * step * perWorkgroup;
    expect(staged + use.perThread * threads + use.fixed).toBeLessThanOrEqual(WORKGROUP_BYTES);
  }

  test('products: two vectors a thread once there are threads enough', () => {
    const pointwiseVectors = (positions: number) =>
      pointwise.multiplyTiles(capabilities, { cIn: 8, cOut: 8, positions })[0].VECTORS;
    expect(pointwiseVectors(64)).toBe(largeTiles ? 2 : 1);
    expect(conv3x3.multiplyTiles(capabilities, 8, 64)[0].VECTORS).toBe(1);
    expect(pointwiseVectors(1 << 20)).toBe(2);
    expect(conv3x3.multiplyTiles(capabilities, 8, 1 << 20)[0].VECTORS).toBe(2);
    expect(conv3x3.multiplyTiles(capabilities, 8, 1 << 20, true)[0].VECTORS).toBe(largeTiles ? 2 : 1);
  });

  const plain: outer.Extra = { rows: 0, perTile: () => 0, vectorSums: false };

  /** The sums of every kernel that has outer products. */
  function outerUsers(cOut: number, cIn: number): outer.Extra[] {
    const spread = (tile: number) => Math.ceil(cIn / Math.ceil(cOut / tile));
    const users = [plain, { rows: cOut, perTile: (tile: number) => tile, vectorSums: true }];
    // With others, which are many only where a block narrows a picture to a sixtieth.
    return cIn <= 60 * cOut ? [...users, { rows: cIn, perTile: spread, vectorSums: false }] : users;
  }

  test('outer products: even tiles whose sums fit into workgroup memory or registers', () => {
    const alone = { ...capabilities, readers: 1 };
    for (const cOut of CHANNELS) {
      for (const cIn of CHANNELS) {
        for (const extra of outerUsers(cOut, cIn)) {
          const choices = outer.outerTiles(alone, cOut, cIn, extra);
          expectChoices(choices);
          for (const tile of choices) {
            if (tile.STEP > 1) {
              expectStagedTile(cOut, cIn, tile, outer.extraRows(alone, tile, extra));
              continue;
            }
            expectEven(cOut, tile.TILE_O);
            expectEven(cIn, tile.TILE_C);
            expect(4 * teamThreads * outer.outerSums(alone, tile, extra)).toBeLessThanOrEqual(WORKGROUP_BYTES);
          }
        }
      }
    }
  });

  /** A tile that the grid of threads covers, without a row or column of threads that has no work; few sums in each. */
  function expectStagedTile(cOut: number, cIn: number, tile: outer.OuterTile, extra: number): void {
    const { ROW_THREADS, COLUMN_THREADS, WORKGROUP_SIZE, ROW_LOADS, EXTRA_LOADS, COLUMN_LOADS } = outer.stagedConstants(
      tile,
      extra,
    );
    expect(WORKGROUP_SIZE).toBe(ROW_THREADS * COLUMN_THREADS);
    expect([tile.TILE_O % ROW_THREADS, extra % ROW_THREADS, tile.TILE_C % COLUMN_THREADS]).toEqual([0, 0, 0]);
    expect(tile.TILE_O - ROW_THREADS).toBeLessThan(cOut);
    expect(tile.TILE_C - COLUMN_THREADS).toBeLessThan(cIn);
    expect(((tile.TILE_O + extra) * tile.TILE_C) / WORKGROUP_SIZE).toBeLessThanOrEqual(40);
    // The tile and the vector sums of every thread.
    const loads = ROW_LOADS + EXTRA_LOADS + COLUMN_LOADS;
    expect((16 + 4) * WORKGROUP_SIZE * loads).toBeLessThanOrEqual(WORKGROUP_BYTES);
  }

  test('outer products are staged on a GPU where many channels meet many', () => {
    const step = (cOut: number, cIn: number) => outer.outerTiles(capabilities, cOut, cIn, plain)[0].STEP;
    expect(step(32, 64)).toBe(1);
    expect(step(64, 32)).toBe(1);
    expect(step(64, 256)).toBe(largeTiles ? 1 : 4);
    expect(step(33, 64)).toBe(largeTiles ? 1 : 4);
  });

  test('outer products whose threads share the channels: tiles of whole groups of readers, no group without work', () => {
    for (const cOut of CHANNELS) {
      for (const cIn of CHANNELS) {
        const choices = outer.outerTiles({ ...capabilities, readers: teamThreads }, cOut, cIn, plain);
        expectChoices(choices);
        for (const { TILE_O, TILE_C } of choices) {
          expect(TILE_O % teamThreads).toBe(0);
          expect(TILE_C % teamThreads === 0 || TILE_C === cIn).toBe(true);
          expect(TILE_O - teamThreads).toBeLessThan(cOut);
          expect(TILE_C - teamThreads).toBeLessThan(cIn);
        }
      }
    }
  });

  test('conv3x3 backward: even tiles whose sums fit into workgroup memory', () => {
    for (const channels of CHANNELS) {
      const input = conv3x3.backwardInputTiles(capabilities, channels);
      expectChoices(input);
      for (const { TILE_C } of input) {
        expectEven(channels, TILE_C);
        expect(TILE_C).toBeLessThanOrEqual(4);
      }
      for (const height of CHANNELS) {
        const weight = conv3x3.backwardWeightTiles(channels, height);
        expectChoices(weight);
        for (const { TILE_O, ROWS } of weight) {
          expectEven(channels, TILE_O);
          expectEven(height, ROWS);
          expect(4 * teamThreads * 9 * TILE_O).toBeLessThanOrEqual(WORKGROUP_BYTES);
        }
      }
    }
  });

  test('bands of rows: even, and high where there are threads enough', () => {
    for (const height of CHANNELS) {
      for (const columns of POSITIONS) {
        for (const kernel of [3, 5]) {
          const choices = bandTiles(capabilities, kernel, height, columns);
          expectChoices(choices);
          for (const { ROWS } of choices) expectEven(height, ROWS);
        }
      }
    }
    expect(bandTiles(capabilities, 3, 32, 1 << 20)[0].ROWS).toBe(largeTiles ? 16 : 8);
    expect(bandTiles(capabilities, 5, 32, 1 << 20)[0].ROWS).toBe(largeTiles ? 32 : 16);
    expect(bandTiles(capabilities, 3, 32, 64)[0].ROWS).toBe(largeTiles ? 16 : 2);
  });

  test('chunks of merged sums: all positions, some for each thread, none empty', () => {
    for (const positions of POSITIONS) {
      for (const groups of [1, 3, 64, 5000]) {
        const choices = mergedChunks(capabilities, positions, groups);
        expectChoices(choices);
        for (const { CHUNK } of choices) {
          expect(CHUNK).toBeGreaterThanOrEqual(teamThreads);
          expect(Math.ceil(positions / CHUNK) * groups).toBeLessThanOrEqual(2048 + groups);
        }
      }
    }
  });

  test('chunks of inlined sums: all positions, in whole steps, none empty', () => {
    for (const positions of POSITIONS) {
      for (const groups of [1, 3, 64, 5000]) {
        for (const step of [teamThreads, 2 * teamThreads]) {
          const choices = inlinedChunks(capabilities, positions, groups, step);
          expectChoices(choices);
          for (const { CHUNK } of choices) {
            expect(CHUNK % step).toBe(0);
            expect(Math.ceil(positions / CHUNK)).toBeLessThanOrEqual(256);
          }
        }
      }
    }
  });
});

// Recording compiles every kernel as far as the limits are checked.
test.each<[Preset, number]>([
  ['yynet-16', 0],
  ['yynet-16', 1],
  ['yynet-16', 3],
  ['yynet-16', 5],
  ['yynet-64', 0],
])('every kernel of %s is within the limits of a GPU with choice %i', async (preset, n) => {
  const device = await openDevice({ capabilities: gpuCapabilities, tuning: new NthChoice(n) });
  const net = new YYNet(presets[preset]);
  const parameters = new ParameterSet(device, net, new Random(0));
  const { inputChannels, inputSize } = net.config;
  const x = device.tensor([1, inputChannels, inputSize, inputSize]);
  const recording = await device.record(() => {
    const tape = new Tape(device);
    parameters.watch(tape);
    const y = net.forward({ tape, training: true }, x);
    tape.backward(y, device.tensor(y.shape));
  });
  expect(recording.commands.length).toBeGreaterThan(100);
  device.destroy();
});
