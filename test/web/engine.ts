// What tests call in a page: the engine on the browser's own WebGPU.
import { requestBrowserAdapter } from '../../src/runtime/browser.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Precision } from '../../src/train/recipe.ts';
import { loadCases } from '../conformance/fixture.ts';
import { runners } from '../conformance/ops.ts';
import { judge, type Verdict } from '../conformance/verdict.ts';
import { trajectory } from './trajectory.ts';

/** As the adapter is, and posing as a GPU, so that kernels have a GPU's tiles. */
const devices = {
  own: requestBrowserAdapter().then((choice) => Device.open(choice)),
  gpu: requestBrowserAdapter().then(({ info, ...rest }) => Device.open({ ...rest, info: { ...info, kind: 'gpu' } })),
};

const loading = loadCases(async (file) => {
  const response = await fetch(`/test/fixtures/${file}`);
  if (!response.ok) throw new Error(`${file} cannot be read: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
});

const functions = {
  adapter: async (): Promise<string> => (await devices.own).adapter.name,
  conformance: async (name: string, tiles: keyof typeof devices = 'own'): Promise<Verdict[]> => {
    const fixture = (await loading).find((one) => one.name === name)!;
    return judge(fixture, await runners[fixture.op](await devices[tiles], fixture));
  },
  /** Milliseconds that it takes to read a tensor, on average over ten. */
  readingTime: async (): Promise<number> => {
    const device = await devices.own;
    const tensor = device.upload(new Float32Array(4), [4]);
    await device.read(tensor);
    const begin = performance.now();
    for (let i = 0; i < 10; i++) await device.read(tensor);
    return (performance.now() - begin) / 10;
  },
  trajectory: async (precision?: Precision): Promise<number[]> => trajectory(await devices.own, precision),
};

declare global {
  var engine: typeof functions;
}

globalThis.engine = functions;
