import { byId, create } from '../dom.ts';
import type { Opened } from '../messages.ts';
import type { Page } from '../state.ts';

/** The features that make training faster or tell more about it. */
const USED = ['shader-f16', 'subgroups', 'timestamp-query'];

/** Says which adapter computes, or what to do where there is none. Resolves when it is open, if there is one. */
export async function adapterPanel({ engine, store }: Page): Promise<Opened | undefined> {
  const panel = byId<HTMLDetailsElement>('adapter');
  const name = byId('adapter-name');
  const facts = byId('adapter-facts');
  try {
    const opened = await engine.ask({ type: 'open' });
    const { adapter, notice } = opened;
    const { features } = adapter;
    name.textContent = adapter.name;
    panel.classList.add('ready');
    const list: [string, string][] = [
      ['Kind', adapter.class === 'cpu' ? 'software, on the processor' : `${adapter.class} GPU`],
      ['Driver', adapter.driver || 'not told by the browser'],
      ['Used here', USED.filter((feature) => features.includes(feature)).join(', ') || 'no optional features'],
      ['Others', features.filter((feature) => !USED.includes(feature)).join(', ') || 'none'],
    ];
    if (notice) list.push(['Note', notice]);
    facts.replaceChildren(
      ...list.flatMap(([term, value]) => [create('dt', { textContent: term }), create('dd', { textContent: value })]),
    );
    store.update({
      ready: true,
      timestamps: features.includes('timestamp-query'),
      half: features.includes('shader-f16'),
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
