import type { Device } from '../runtime/device.ts';
import { openNodeDevice, requestNodeAdapter } from '../runtime/node.ts';

/** Opens the adapter of a command's --adapter option. Prints a notice on stderr if it is a slow one. */
export async function openDevice({ adapter, quiet }: { adapter: string; quiet?: boolean }): Promise<Device> {
  const choice = await requestNodeAdapter({ adapter });
  if (choice.notice && !quiet) console.error(choice.notice);
  return openNodeDevice(choice);
}
