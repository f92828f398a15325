import { Device } from '../../src/runtime/device.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';

let opened: Promise<Device> | undefined;

/** The device all tests share, so that each kernel compiles once. Throws, and so fails the test, where there is none. */
export function testDevice(): Promise<Device> {
  opened ??= requestNodeAdapter().then((choice) => Device.open(choice));
  return opened;
}
