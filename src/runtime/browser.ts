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

/** A browser lists no adapters, but may give another one for each of these. */
const WAYS: readonly GPURequestAdapterOptions[] = [
  { powerPreference: 'high-performance' },
  { powerPreference: 'low-power' },
  { forceFallbackAdapter: true },
];

/** A browser may keep any of this to itself. */
function nameOf({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return [vendor, architecture, device, description].filter(Boolean).join(' ') || 'an adapter without a name';
}

/**
 * Opens an adapter in a page.
 * @throws UserError when the browser has no WebGPU, when no adapter answers, or none to `adapter` (what there is).
 */
export async function requestBrowserAdapter({ adapter: wanted = 'auto' }: AdapterRequest = {}): Promise<AdapterChoice> {
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (!gpu) {
    throw new UserError(
      'This browser has no WebGPU here (navigator.gpu is missing): open the page over https or from localhost, in a current Chrome, Edge, Firefox or Safari.',
    );
  }
  const found: (AdapterId & { readonly adapter: GPUAdapter })[] = [];
  for (const way of WAYS) {
    const adapter = await gpu.requestAdapter(way);
    if (!adapter) continue;
    const id = identify(nameOf(adapter.info), 'browser', adapter.info.isFallbackAdapter);
    if (!found.some((other) => other.name === id.name && other.class === id.class)) found.push({ ...id, adapter });
  }
  if (!found.length)
    throw new UserError('This browser has WebGPU, but no adapter answers: it may need the GPU driver.');
  // Browsers name vendors, not cards, but give the one that they take for the fastest first.
  const fastest = wanted === 'auto' ? found.find(({ class: cls }) => cls !== 'cpu') : undefined;
  const chosen = fastest ?? choose(found, wanted);
  if (!chosen) throw noSuchAdapter(wanted, found);
  const { adapter, ...id } = chosen;
  const info = summarize(id, adapter);
  const wait = /firefox/i.test(navigator.userAgent) ? nudge : undefined;
  return { gpu, adapter, info, wait, notice: softwareNotice(info) };
}
