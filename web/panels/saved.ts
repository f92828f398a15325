import { percent } from '../../src/report/format.ts';
import { byId } from '../dom.ts';
import type { SavedRun } from '../messages.ts';
import type { Page } from '../state.ts';
import type { DataPanel } from './data.ts';
import { showTraining } from './in_view.ts';
import type { SettingsPanel } from './settings.ts';

interface Panels {
  readonly settings: SettingsPanel;
  readonly data: DataPanel;
}

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** Offers to restore the run that was saved automatically. */
export function savedPanel({ worker, store, attempt }: Page, { settings, data }: Panels) {
  const banner = byId('saved');

  byId('restore').addEventListener('click', () =>
    attempt(async () => {
      const restored = await worker.request({ type: 'restore' });
      banner.hidden = true;
      data.show(restored.data);
      settings.write(restored.net.settings);
      store.update({ net: restored.net });
      byId('status').textContent = restored.net.resumable
        ? `Restored at step ${restored.net.step}. Press Resume to continue training.`
        : 'Restored: training is finished, and the net can be used.';
      showTraining();
    }),
  );
  byId('forget').addEventListener('click', () =>
    attempt(async () => {
      await worker.request({ type: 'forget' });
      banner.hidden = true;
    }),
  );
  // A new training overwrites the saved run.
  store.watch(({ phase }) => {
    if (phase === 'training') banner.hidden = true;
  });

  return {
    offer(saved: SavedRun) {
      const { dataName, step, steps, accuracy, savedAt } = saved;
      const accuracyText = accuracy === undefined ? '' : `, validation accuracy ${percent(accuracy)}`;
      banner.querySelector('p')!.textContent =
        `Saved run of ${clock.format(savedAt)}: ${dataName}, step ${step} of ${steps}${accuracyText}.`;
      banner.hidden = false;
    },
  };
}
