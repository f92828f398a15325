import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type AdapterId,
  choose,
  identify,
  noSuchAdapter,
  softwareNotice,
  twinNotice,
} from '../../src/runtime/adapter.ts';
import { requestBrowserAdapter } from '../../src/runtime/browser.ts';
import { BufferUsage, MapMode } from '../../src/runtime/flags.ts';
import { listNodeAdapters, nvidiaHint, requestNodeAdapter } from '../../src/runtime/node.ts';

const swiftShader = identify('SwiftShader Device (Subzero)', 'vulkan');
const llvmpipe = identify('llvmpipe (LLVM 15.0.6, 256 bits)', 'vulkan');
const iris = identify('Intel(R) Iris(R) Xe Graphics (TGL GT2)', 'vulkan');
const geforce = identify('NVIDIA GeForce RTX 4090', 'vulkan');
const all: AdapterId[] = [swiftShader, llvmpipe, iris, geforce];

describe('what a name tells', () => {
  it.each([
    ['NVIDIA H100 80GB HBM3', 'discrete', 'gpu'],
    ['NVIDIA Tegra Orin (nvgpu)', 'integrated', 'gpu'],
    ['AMD Radeon RX 7900 XTX (RADV NAVI31)', 'discrete', 'gpu'],
    ['AMD Radeon Graphics (RADV RENOIR)', 'integrated', 'gpu'],
    ['AMD Radeon(TM) 780M', 'integrated', 'gpu'],
    ['AMD Radeon 8060S Graphics (RADV GFX1151)', 'integrated', 'gpu'],
    ['AMD Radeon(TM) RX Vega 10 Graphics', 'integrated', 'gpu'],
    ['AMD Radeon RX Vega 64', 'discrete', 'gpu'],
    ['AMD Custom GPU 0405 (RADV VANGOGH)', 'integrated', 'gpu'],
    ['Intel(R) Arc(tm) A770 Graphics (DG2)', 'discrete', 'gpu'],
    ['Intel(R) Arc(tm) Graphics (MTL)', 'integrated', 'gpu'],
    ['Intel(R) UHD Graphics 620 (KBL GT2)', 'integrated', 'gpu'],
    ['Apple M1 Max', 'integrated', 'gpu'],
    ['amd rdna-2', 'unknown', 'gpu'],
    ['llvmpipe (LLVM 15.0.6, 256 bits)', 'cpu', 'llvmpipe'],
    ['Microsoft Basic Render Driver', 'cpu', 'llvmpipe'],
    ['google swiftshader', 'cpu', 'swiftshader'],
  ])('%s is %s, tuned as %s', (name, cls, kind) => {
    expect(identify(name, 'vulkan')).toEqual({ name, backend: 'vulkan', class: cls, kind });
  });

  it('takes the platform at its word for a fallback adapter', () => {
    expect(identify('an adapter without a name', 'browser', true)).toMatchObject({ class: 'cpu', kind: 'llvmpipe' });
  });
});

describe('choice', () => {
  it('takes a discrete GPU first, then an integrated one, llvmpipe and SwiftShader', () => {
    expect(choose(all, 'auto')).toBe(geforce);
    expect(choose(all.slice(0, 3), 'auto')).toBe(iris);
    expect(choose(all.slice(0, 2), 'auto')).toBe(llvmpipe);
    expect(choose(all.slice(0, 1), 'auto')).toBe(swiftShader);
  });

  it('takes a class', () => {
    expect(choose(all, 'integrated')).toBe(iris);
    expect(choose(all, 'cpu')).toBe(llvmpipe);
    expect(choose([llvmpipe], 'discrete')).toBeUndefined();
  });

  it('takes part of a name, whatever its case and punctuation', () => {
    expect(choose(all, 'rtx-4090')).toBe(geforce);
    expect(choose(all, 'swiftshader')).toBe(swiftShader);
    expect(choose(all, 'Lavapipe')).toBe(llvmpipe);
    expect(choose(all, 'radeon')).toBeUndefined();
  });
});

describe('what the user is told', () => {
  it('lists what there is when the adapter that was asked for is not', () => {
    expect(noSuchAdapter('radeon', [geforce, llvmpipe]).message).toBe(
      "No adapter matches 'radeon'; available: NVIDIA GeForce RTX 4090 (discrete, vulkan); llvmpipe (LLVM 15.0.6, 256 bits) (cpu, vulkan).",
    );
  });

  it('says that a software adapter is slow, and what is faster', () => {
    expect(softwareNotice(geforce)).toBeUndefined();
    expect(softwareNotice(llvmpipe)).toContain('a GPU with its driver is far faster');
    expect(softwareNotice(swiftShader)).toContain('mesa-vulkan-drivers 24 or newer');
  });
});

describe('this machine', () => {
  it('has an adapter that opens and runs a kernel', async () => {
    const { adapter, info } = await requestNodeAdapter();
    expect(info.name).not.toBe('');
    const device = await adapter.requestDevice();
    const module = device.createShaderModule({
      code: `@group(0) @binding(0) var<storage, read_write> a: array<f32>;
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { a[id.x] = f32(id.x) + 0.5; }`,
    });
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
    const buffer = device.createBuffer({ size: 256, usage: BufferUsage.STORAGE | BufferUsage.COPY_SRC });
    const staging = device.createBuffer({ size: 256, usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const layout = pipeline.getBindGroupLayout(0);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }));
    pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, 256);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MapMode.READ);
    expect([...new Float32Array(staging.getMappedRange())]).toEqual(Array.from({ length: 64 }, (_, i) => i + 0.5));
    device.destroy();
  });

  it('opens every adapter that it lists', async () => {
    const adapters = await listNodeAdapters();
    expect(adapters.length).toBeGreaterThan(0);
    for (const { name } of adapters) expect((await requestNodeAdapter({ adapter: name })).info.name).toBe(name);
  });

  it('refuses a name that no adapter has', async () => {
    await expect(requestNodeAdapter({ adapter: 'voodoo' })).rejects.toThrow(
      /^No adapter matches 'voodoo'; available: /,
    );
  });
});

describe('a browser', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('without WebGPU is told what it needs', async () => {
    await expect(requestBrowserAdapter()).rejects.toThrow(/navigator\.gpu is missing/);
  });

  it('is believed which of its GPUs is the fastest, as it names no cards', async () => {
    const answers = (vendor: string, architecture: string, isFallbackAdapter = false) => ({
      info: { vendor, architecture, device: '', description: '', isFallbackAdapter },
      features: new Set(),
    });
    const choiceOf = async (high: object, low: object) => {
      const requestAdapter = async (way: GPURequestAdapterOptions) =>
        way.forceFallbackAdapter
          ? answers('google', 'swiftshader', true)
          : way.powerPreference === 'low-power'
            ? low
            : high;
      vi.stubGlobal('navigator', { gpu: { requestAdapter }, userAgent: '' });
      return (await requestBrowserAdapter()).info.name;
    };
    const [card, onChip, software] = [
      answers('amd', 'rdna-2'),
      answers('intel', 'gen-9'),
      answers('google', 'swiftshader', true),
    ];
    expect(await choiceOf(card, onChip)).toBe('amd rdna-2');
    expect(await choiceOf(onChip, onChip)).toBe('intel gen-9');
    expect(await choiceOf(software, onChip)).toBe('intel gen-9');
  });
});

it('an NVIDIA card without its Vulkan driver is told, with what a container needs', () => {
  expect(nvidiaHint('/no/such/device')).toBeUndefined();
  expect(nvidiaHint('/dev/null')).toMatch(
    /NVIDIA card without its Vulkan driver: .*NVIDIA_DRIVER_CAPABILITIES=.*graphics/,
  );
});

it('twins are said to be inseparable, one card on two backends is no twin', () => {
  const card = identify('NVIDIA GeForce RTX 4090', 'vulkan');
  expect(twinNotice(card, [card, { ...card }])).toMatch(/^2 adapters are called NVIDIA GeForce RTX 4090, .*the first/);
  expect(twinNotice(card, [card, identify('NVIDIA GeForce RTX 4090', 'opengl')])).toBeUndefined();
});
