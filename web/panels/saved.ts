import { percent } from '../../src/train/format.ts';
import { byId } from '../dom.ts';
import type { SavedRun } from '../messages.ts';
import type { Page } from '../state.ts';
import type { DataPanel } from './data.ts';
import type { SettingsPanel } from './settings.ts';

interface Panels {
  readonly settings: SettingsPanel;
  readonly data: DataPanel;
}

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** Offers what was saved by itself before the page was closed. */
export function savedPanel({ engine, store, attempt }: Page, { settings, data }: Panels) {
  const banner = byId('saved');

  byId('restore').addEventListener('click', () =>
    attempt(async () => {
      const restored = await engine.ask({ type: 'restore' });
      banner.hidden = true;
      data.show(restored.data);
      settings.write(restored.net.settings);
      store.update({ net: restored.net });
      byId('status').textContent = restored.net.resumable
        ? `Restored at step ${restored.net.step}. Resume goes on from there.`
        : 'Restored: the net is trained, and ready to be tried.';
    }),
  );
  byId('forget').addEventListener('click', () =>
    attempt(async () => {
      await engine.ask({ type: 'forget' });
      banner.hidden = true;
    }),
  );
  // Training anew writes over it.
  store.watch(({ phase }) => {
    if (phase === 'training') banner.hidden = true;
  });

  return {
    offer(saved: SavedRun) {
      const { dataName, step, steps, accuracy, savedAt } = saved;
      const scored = accuracy === undefined ? '' : `, ${percent(accuracy)} right`;
      banner.querySelector('p')!.textContent =
        `There is a run of ${clock.format(savedAt)}: ${dataName}, step ${step} of ${steps}${scored}.`;
      banner.hidden = false;
    },
  };
}
