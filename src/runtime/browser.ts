import {
  type AdapterChoice,
  type AdapterId,
  type AdapterRequest,
  choose,
  identify,
  noSuchAdapter,
  softwareNotice,
  summarize,
} from './adapter.ts';
import { UserError } from './errors.ts';
import { nudge } from './nudge.ts';

/** A browser does not list its adapters, but may return a different one for each of these requests. */
const REQUESTS: readonly GPURequestAdapterOptions[] = [
  { powerPreference: 'high-performance' },
  { powerPreference: 'low-power' },
  { forceFallbackAdapter: true },
];

/** A browser may leave any of these empty. */
function nameOf({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return [vendor, architecture, device, description].filter(Boolean).join(' ') || 'an adapter without a name';
}

/**
 * Opens an adapter in a page.
 * @throws UserError if the browser has no WebGPU or no adapter, or none that matches `adapter` (it lists those that exist)
 */
export async function requestBrowserAdapter({ adapter: wanted = 'auto' }: AdapterRequest = {}): Promise<AdapterChoice> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (!gpu) {
    throw new UserError(
      'This browser has no WebGPU here (navigator.gpu is missing): open the page over https or from localhost, in a current Chrome, Edge, Firefox or Safari.',
    );
  }
  const found: (AdapterId & { readonly adapter: GPUAdapter })[] = [];
  for (const request of REQUESTS) {
    const adapter = await gpu.requestAdapter(request);
    if (!adapter) continue;
    const id = identify(nameOf(adapter.info), 'browser', adapter.info.isFallbackAdapter);
    if (!found.some((other) => other.name === id.name && other.class === id.class)) found.push({ ...id, adapter });
  }
  if (!found.length) throw new UserError('This browser has WebGPU, but no adapter: it may need the GPU driver.');
  // A browser's names tell the vendor only, but it returns the adapter that it takes for the fastest first.
  const fastest = wanted === 'auto' ? found.find(({ class: cls }) => cls !== 'cpu') : undefined;
  const chosen = fastest ?? choose(found, wanted);
  if (!chosen) throw noSuchAdapter(wanted, found);
  const { adapter, ...id } = chosen;
  const info = summarize(id, adapter);
  const wait = /firefox/i.test(navigator.userAgent) ? nudge : undefined;
  return { gpu, adapter, info, wait, notice: softwareNotice(info) };
}
