// What tests call in a page: the engine on the browser's own WebGPU.
import { requestBrowserAdapter } from '../../src/runtime/browser.ts';
import { Device } from '../../src/runtime/device.ts';
import { loadCases } from '../conformance/fixture.ts';
import { runners } from '../conformance/ops.ts';
import { judge, type Verdict } from '../conformance/verdict.ts';
import { trajectory } from './trajectory.ts';

const opening = requestBrowserAdapter().then((choice) => Device.open(choice));

const loading = loadCases(async (file) => {
  const response = await fetch(`/test/fixtures/${file}`);
  if (!response.ok) throw new Error(`${file} cannot be read: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
});

const functions = {
  adapter: async (): Promise<string> => (await opening).adapter.name,
  conformance: async (name: string): Promise<Verdict[]> => {
    const fixture = (await loading).find((one) => one.name === name)!;
    return judge(fixture, await runners[fixture.op](await opening, fixture));
  },
  trajectory: async (): Promise<number[]> => trajectory(await opening),
};

declare global {
  var engine: typeof functions;
}

globalThis.engine = functions;
