import { byId, create } from '../dom.ts';
import type { Opened } from '../messages.ts';
import type { Page } from '../state.ts';

/** Optional features that this page uses. */
const USED_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'];

/** Opens the adapter and shows its properties, or instructions if there is none. Returns undefined in that case. */
export async function adapterPanel({ worker, store }: Page): Promise<Opened | undefined> {
  const panel = byId<HTMLDetailsElement>('adapter');
  const name = byId('adapter-name');
  const facts = byId('adapter-facts');
  try {
    const opened = await worker.request({ type: 'open' });
    const { adapter, notice } = opened;
    const { features } = adapter;
    name.textContent = adapter.name;
    panel.classList.add('ready');
    const list: [string, string][] = [
      ['Kind', adapter.class === 'cpu' ? 'software, on the CPU' : `${adapter.class} GPU`],
      ['Driver', adapter.driver || 'not reported by the browser'],
      [
        'Features used',
        USED_FEATURES.filter((feature) => features.includes(feature)).join(', ') || 'no optional features',
      ],
      ['Other features', features.filter((feature) => !USED_FEATURES.includes(feature)).join(', ') || 'none'],
    ];
    if (notice) list.push(['Note', notice]);
    facts.replaceChildren(
      ...list.flatMap(([term, value]) => [create('dt', { textContent: term }), create('dd', { textContent: value })]),
    );
    store.update({
      ready: true,
      timestamps: features.includes('timestamp-query'),
      f16: features.includes('shader-f16'),
    });
    return opened;
  } catch (error) {
    panel.hidden = true;
    const missing = byId('missing');
    missing.hidden = false;
    missing.querySelector('p')!.textContent = (error as Error).message;
    return undefined;
  }
}
