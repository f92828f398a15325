import { expect, test } from 'vitest';
import type { AdapterKind } from '../../src/runtime/adapter.ts';
import { capabilitiesOf, gpuCapabilities, softwareCapabilities } from '../../src/runtime/capabilities.ts';
import { openDevice, testDevice } from '../support/device.ts';

const adapter = (features: string[], subgroupMinSize?: number) =>
  ({ features: new Set(features), info: { subgroupMinSize } }) as unknown as GPUAdapter;

test.each<[AdapterKind, string[], number | undefined, object]>([
  ['gpu', ['subgroups'], 32, gpuCapabilities],
  ['llvmpipe', ['subgroups'], 8, softwareCapabilities(8, 8)],
  ['llvmpipe', ['subgroups'], 16, softwareCapabilities(16, 16)],
  ['llvmpipe', ['subgroups'], 64, softwareCapabilities(16, 16)],
  ['llvmpipe', ['subgroups'], undefined, softwareCapabilities(8, 1)],
  ['llvmpipe', [], 8, softwareCapabilities(8, 1)],
  ['swiftshader', ['subgroups'], 4, softwareCapabilities(4, 4)],
])('capabilities of %s with %j, subgroups of %s', (kind, features, size, want) => {
  expect(capabilitiesOf({ kind }, adapter(features, size))).toEqual(want);
});

test('a device has the capabilities of its adapter, or those it is opened with', async () => {
  const own = await testDevice();
  expect(own.capabilities).toEqual(
    capabilitiesOf(own.adapter, { features: own.gpu.features, info: own.gpu.adapterInfo } as never),
  );
  const device = await openDevice({ capabilities: gpuCapabilities });
  expect(device.capabilities).toBe(gpuCapabilities);
  device.destroy();
});
