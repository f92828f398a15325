import { percent } from '../../src/report/format.ts';
import { byId } from '../dom.ts';
import type { History } from '../messages.ts';
import type { Page, State } from '../state.ts';
import type { DataPanel } from './data.ts';
import { showTraining } from './in_view.ts';
import { progressPanel } from './progress.ts';
import type { SettingsPanel } from './settings.ts';

/** Starts, pauses, resumes and stops training, and shows its progress. */
export function runPanel({ worker, store, attempt }: Page, data: DataPanel, settings: SettingsPanel): void {
  const form = byId<HTMLFormElement>('setup');
  const train = byId<HTMLButtonElement>('train');
  const pause = byId<HTMLButtonElement>('pause');
  const resume = byId<HTMLButtonElement>('resume');
  const stop = byId<HTMLButtonElement>('stop');
  const fields = byId<HTMLFieldSetElement>('settings');
  const progress = progressPanel();

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(async () => {
      await data.prepare();
      await worker.request({ type: 'train', settings: settings.read() });
      showTraining();
    });
  });
  // The browser cannot show the error of a field inside a closed <details>.
  form.addEventListener(
    'invalid',
    ({ target }) => (target as Element).closest('details')?.setAttribute('open', ''),
    true,
  );
  pause.addEventListener('click', () => attempt(async () => void (await worker.request({ type: 'pause' }))));
  resume.addEventListener('click', () => attempt(async () => void (await worker.request({ type: 'resume' }))));
  stop.addEventListener('click', () => attempt(async () => void (await worker.request({ type: 'stop' }))));

  worker.on('history', ({ history }) => progress.show(history));
  worker.on('progress', (event) => progress.progress(event.progress, event.point));
  worker.on('epoch', ({ metrics }) => {
    progress.epoch(metrics);
    // If training was paused in an epoch's last step, the status must stay "Paused".
    if (store.state.phase === 'paused') return;
    showStatus(`Epoch ${metrics.epoch} finished: validation accuracy ${percent(metrics.val_accuracy)}.`);
  });
  worker.on('insight', ({ insight: { accuracy, count, of } }) => {
    if (count === of) progress.accuracy(accuracy);
  });
  worker.on('notice', ({ message }) => showStatus(message));

  store.watch(({ phase, ready, trainable, net }) => {
    const idle = phase === 'idle';
    fields.disabled = !idle;
    train.disabled = !idle || !ready || !trainable;
    pause.disabled = phase !== 'training';
    resume.disabled = !(phase === 'paused' || (idle && ready && net?.resumable));
    stop.disabled = phase !== 'training' && phase !== 'paused';
  });
  store.watch((state, previous) => {
    if (state.phase === previous.phase && state.trainable === previous.trainable && state.data === previous.data)
      return;
    const text = statusAfter(state, previous, progress.history);
    if (text) showStatus(text);
  });
}

/** Returns the status text for a change of state; none in 'preparing', where the worker sends it. */
function statusAfter(
  { phase, ready, trainable }: State,
  previous: State,
  { epochs, steps }: History,
): string | undefined {
  if (phase === 'preparing') return undefined;
  if (phase === 'training') return previous.phase === 'paused' ? 'Training resumed.' : 'Training started.';
  if (phase === 'paused') return 'Paused. Pausing does not change the result.';
  if (previous.phase === 'training' || previous.phase === 'paused') {
    const last = epochs.at(-1);
    return last?.step === steps
      ? `Training finished: validation accuracy ${percent(last.val_accuracy)}. Try the net below.`
      : 'Stopped. Press Resume to continue training.';
  }
  if (!ready) return 'Training needs WebGPU.';
  return trainable ? 'Ready. Press Train to start.' : 'Choose the pictures to train on.';
}

function showStatus(text: string): void {
  byId('status').textContent = text;
}
