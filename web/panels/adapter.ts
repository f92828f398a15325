import { byId, create } from '../dom.ts';
import type { Opened } from '../messages.ts';
import type { Page } from '../state.ts';

/** Says which adapter computes, or what to do where there is none. Resolves when it is open. */
export async function adapterPanel({ engine, store }: Page): Promise<Opened> {
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
      ['Features', features.join(', ') || 'none'],
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
    name.textContent = 'No WebGPU';
    panel.classList.add('missing');
    panel.open = true;
    facts.replaceChildren(
      create('dt', { textContent: 'Why' }),
      create('dd', { textContent: (error as Error).message }),
      create('dt', { textContent: 'What helps' }),
      create('dd', {
        textContent:
          'A current Chrome or Edge (113 or newer), Safari 26 or Firefox 141, with graphics acceleration switched on in its settings.',
      }),
    );
    throw error;
  }
}
