import { adviceOn } from '../advice.ts';
import { byId, create } from '../dom.ts';
import type { Insight } from '../messages.ts';
import type { Page } from '../state.ts';

/** Shows what to do about the result, once training has ended. */
export function advicePanel({ worker, store }: Page): void {
  const list = byId('advice');
  let latest: Insight | undefined;

  const show = () => {
    const { phase, data } = store.state;
    // Every net begins like guessing, so nothing is said while it is trained.
    const lines = latest && data && phase === 'idle' ? adviceOn(latest, data.counts) : [];
    list.replaceChildren(...lines.map((textContent) => create('li', { textContent })));
  };

  worker.on('insight', ({ insight }) => {
    latest = insight;
    show();
  });
  store.watch(({ data }) => {
    if (!data) latest = undefined;
    show();
  });
}
