// What tests call in a page: the engine on the browser's own WebGPU.
import { requestBrowserAdapter } from '../../src/runtime/browser.ts';
import { gpuCapabilities } from '../../src/runtime/capabilities.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Precision } from '../../src/train/recipe.ts';
import { loadCases } from '../conformance/fixture.ts';
import { runners } from '../conformance/ops.ts';
import { judge, type Verdict } from '../conformance/verdict.ts';
import { trajectory } from './trajectory.ts';

type Kernels = 'own' | 'gpu';

const devices = new Map<Kernels, Promise<Device>>();

/** The browser's device, with its own kernels or with those for a GPU. Opened once. */
function deviceWith(kernels: Kernels): Promise<Device> {
  const opening =
    devices.get(kernels) ??
    requestBrowserAdapter().then((choice) =>
      Device.open(choice, { capabilities: kernels === 'gpu' ? gpuCapabilities : undefined }),
    );
  devices.set(kernels, opening);
  return opening;
}

const loading = loadCases(async (file) => {
  const response = await fetch(`/test/fixtures/${file}`);
  if (!response.ok) throw new Error(`${file} cannot be read: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
});

const functions = {
  adapter: async (): Promise<string> => (await deviceWith('own')).adapter.name,
  conformance: async (name: string, kernels: Kernels = 'own'): Promise<Verdict[]> => {
    const fixture = (await loading).find((one) => one.name === name)!;
    return judge(fixture, await runners[fixture.op]({ device: await deviceWith(kernels), precision: 'f32' }, fixture));
  },
  /** Milliseconds that it takes to read a tensor, on average over ten. */
  readingTime: async (): Promise<number> => {
    const device = await deviceWith('own');
    const tensor = device.upload(new Float32Array(4), [4]);
    await device.read(tensor);
    const begin = performance.now();
    for (let i = 0; i < 10; i++) await device.read(tensor);
    return (performance.now() - begin) / 10;
  },
  trajectory: async (precision?: Precision): Promise<number[]> => trajectory(await deviceWith('own'), precision),
};

declare global {
  var engine: typeof functions;
}

globalThis.engine = functions;
