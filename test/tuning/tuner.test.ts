import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defineOp } from '../../src/autograd/op.ts';
import { Conv2d } from '../../src/nn/layers.ts';
import { Module, type Pass, Sequential } from '../../src/nn/module.ts';
import type { AdapterChoice } from '../../src/runtime/adapter.ts';
import { openNodeDevice, requestNodeAdapter } from '../../src/runtime/node.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { tilesFile, writeTiles } from '../../src/runtime/tile_cache.ts';
import { type Finding, tune } from '../../src/tuning/tuner.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

async function findings(net: Module, shape: number[], choice?: AdapterChoice): Promise<Map<string, Finding>> {
  const found = new Map<string, Finding>();
  await tune(choice ?? (await requestNodeAdapter()), net, shape, (finding) => found.set(finding.key, finding));
  return found;
}

/** y = 2·x, as a sum of `TERMS` equal terms; wrong if TERMS is 3. */
const kernel = {
  path: 'kernels/test/double.wgsl',
  text: `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
var<workgroup> memory: array<f32, TERMS * 2>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  memory[0] = 0.0;
  var sum = 0.0;
  for (var i = 0; i < TERMS; i++) {
    sum += x[id.x] * (2.0 / (TERMS + f32(TERMS == 3)));
  }
  y[id.x] = sum;
}`,
};
const CHOICES = [{ TERMS: 2000 }, { TERMS: 2 }, { TERMS: 3 }, { TERMS: 1e8 }];

const double = defineOp({
  name: 'double',
  shape: ({ x }: { x: Tensor }, _: object) => x.shape,
  forward(device, { x }) {
    const y = device.tensor(x.shape);
    const constants = device.tuning.choose(kernel, `${size(x)}`, CHOICES);
    device.dispatch({ kernel, constants, reads: { x }, writes: { y }, workgroups: [size(x) / 64], flops: 0 });
    return { y, saved: undefined };
  },
  backward(_device, dy, _saved, _attrs, wanted) {
    wanted.x?.alias(dy); // not the real gradient, but the same with all tiles
  },
});

class Double extends Module {
  forward({ tape }: Pass, x: Tensor): Tensor {
    return tape.run(double, { x }, {});
  }
}

test('keeps the fastest tiles with the same results, and rejects those with other results or over the limits', async () => {
  const found = await findings(new Double(), [64, 64]);
  expect([...found.keys()]).toEqual(['test/double 4096']);
  const { defaultTiles, tuned, times, rejected } = found.get('test/double 4096')!;
  expect(defaultTiles).toEqual({ TERMS: 2000 });
  expect(tuned?.tiles).toEqual({ TERMS: 2 });
  expect(times![1]).toBeLessThan(times![0]);
  expect(rejected).toEqual([{ TERMS: 3 }, { TERMS: 1e8 }]);
});

test('times on the CPU without timestamp queries', async () => {
  const choice = await requestNodeAdapter();
  const { limits } = choice.adapter;
  const requestDevice = (descriptor: GPUDeviceDescriptor) => choice.adapter.requestDevice(descriptor);
  const adapter = { limits, requestDevice, features: new Set() } as unknown as GPUAdapter;
  const found = await findings(new Double(), [64, 256], { ...choice, adapter });
  expect(found.get('test/double 16384')!.tuned?.tiles).toEqual({ TERMS: 2 });
});

test("tunes every kernel of a net's step, and no others", async () => {
  const found = await findings(new Sequential(new Conv2d(3, 5, 1), new Conv2d(5, 18, 1)), [2, 3, 8, 8]);
  const keys = [...found.keys()];
  for (const { rejected } of found.values()) expect(rejected).toEqual([]);
  // A training step does not compute the gradient of the images.
  expect(keys.filter((key) => key.startsWith('pointwise/multiply'))).toEqual([
    'pointwise/multiply 2×3×8×8 → 2×5×8×8 f32',
    'pointwise/multiply 2×5×8×8 → 2×18×8×8 f32',
    'pointwise/multiply transposed 2×18×8×8 → 2×5×8×8 f32',
  ]);
  expect(keys).toContain('pointwise/backward_weight 2×5×8×8 → 2×18×8×8 f32');
});

describe('the cache', () => {
  const home = process.env.XDG_CACHE_HOME;
  beforeEach(async () => {
    process.env.XDG_CACHE_HOME = await temporaryFolder();
  });
  afterEach(() => {
    if (home === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = home;
  });

  test('is read when the adapter is opened in Node', async () => {
    const choice = await requestNodeAdapter();
    const found = await findings(new Double(), [64, 64]);
    await writeTiles(choice.info, new Map([...found].map(([key, { tuned }]) => [key, tuned])));
    const device = await openNodeDevice(choice);
    expect(device.tuning.choose(kernel, '4096', CHOICES)).toEqual({ TERMS: 2 });
    device.destroy();
  });

  test('is ignored with one line on stderr if it is corrupt', async () => {
    const choice = await requestNodeAdapter();
    await writeTiles(choice.info, new Map());
    await writeFile(tilesFile(choice.info), '{"format": 1,');
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    const device = await openNodeDevice(choice);
    expect(device.tuning.choose(kernel, '4096', CHOICES)).toBe(CHOICES[0]);
    expect(said.mock.calls).toEqual([[expect.stringMatching(/cannot be read.*npm run tune/)]]);
    said.mockRestore();
    device.destroy();
  });
});

test('npm run tune names an adapter that does not exist', async () => {
  const { code, stderr } = await runCli('tune', ['--adapter', 'Voodoo 2']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^tune: .*Voodoo 2/m);
});
