import { Device, type DeviceOptions } from '../../src/runtime/device.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';

/** A device of the test's own, which it destroys. */
export const openDevice = async (options?: DeviceOptions): Promise<Device> =>
  Device.open(await requestNodeAdapter(), options);

/** A device with the limits that every WebGPU adapter has, and only the given features. */
export async function openDefaultDevice(features: readonly GPUFeatureName[] = []): Promise<Device> {
  const choice = await requestNodeAdapter();
  const { adapter } = choice;
  // Device.open asks for all that an adapter tells of.
  const narrowed = {
    ...{
      info: adapter.info,
      features: new Set<string>(features),
      limits: { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 },
    },
    requestDevice: (descriptor: GPUDeviceDescriptor) => adapter.requestDevice(descriptor),
  } as unknown as GPUAdapter;
  return Device.open({ ...choice, adapter: narrowed });
}

let opened: Promise<Device> | undefined;

/** The device all tests share, so that each kernel compiles once. Throws, and so fails the test, where there is none. */
export function testDevice(): Promise<Device> {
  opened ??= openDevice();
  return opened;
}
