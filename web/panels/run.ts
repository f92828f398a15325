import { percent } from '../../src/train/format.ts';
import { byId } from '../dom.ts';
import type { History } from '../messages.ts';
import type { Page, State } from '../state.ts';
import { progressPanel } from './progress.ts';
import type { SettingsPanel } from './settings.ts';

/** Starts, pauses, resumes and stops training, and shows how it goes. */
export function runPanel({ engine, store, attempt }: Page, settings: SettingsPanel): void {
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
      await engine.ask({ type: 'train', settings: settings.read() });
      if (matchMedia('(max-width: 62rem)').matches) byId('progress-title').scrollIntoView();
    });
  });
  // A closed part cannot show what is wrong in it.
  form.addEventListener(
    'invalid',
    ({ target }) => (target as Element).closest('details')?.setAttribute('open', ''),
    true,
  );
  pause.addEventListener('click', () => attempt(async () => void (await engine.ask({ type: 'pause' }))));
  resume.addEventListener('click', () => attempt(async () => void (await engine.ask({ type: 'resume' }))));
  stop.addEventListener('click', () => attempt(async () => void (await engine.ask({ type: 'stop' }))));

  engine.on('history', ({ history }) => progress.show(history));
  engine.on('progress', (event) => progress.progress(event.progress, event.point));
  engine.on('epoch', ({ metrics }) => {
    progress.epoch(metrics);
    // A pause in an epoch's last step begins behind it, and is the news.
    if (store.state.phase === 'paused') return;
    say(`Epoch ${metrics.epoch} is done: ${percent(metrics.val_accuracy)} of the pictures held back are right.`);
  });
  engine.on('insight', ({ insight: { accuracy, count, of } }) => {
    if (count === of) progress.accuracy(accuracy);
  });
  engine.on('notice', ({ message }) => say(message));

  store.watch(({ phase, ready, data, net }) => {
    const rest = phase === 'idle';
    fields.disabled = !rest;
    train.disabled = !rest || !ready || !data;
    pause.disabled = phase !== 'training';
    resume.disabled = !(phase === 'paused' || (rest && ready && net?.resumable));
    stop.disabled = phase !== 'training' && phase !== 'paused';
  });
  store.watch((state, before) => {
    if (state.phase === before.phase && state.data === before.data) return;
    const text = newsOf(state, before, progress.history);
    if (text) say(text);
  });
}

/** What a change of state means to the visitor. While something is prepared, the worker says what. */
function newsOf({ phase, ready, data }: State, before: State, { epochs, steps }: History): string | undefined {
  if (phase === 'preparing') return undefined;
  if (phase === 'training') return before.phase === 'paused' ? 'Training goes on.' : 'Training has begun.';
  if (phase === 'paused') return 'Paused. Resume goes on with the same numbers.';
  if (before.phase === 'training' || before.phase === 'paused') {
    const last = epochs.at(-1);
    return last?.step === steps
      ? `Trained: ${percent(last.val_accuracy)} of the pictures held back are right. See below what it learned, and try it.`
      : 'Stopped. Resume goes on from there.';
  }
  if (!ready) return 'Without WebGPU nothing can be trained here.';
  return data ? 'Ready. Press Train, and watch it learn.' : 'Choose the pictures to learn from.';
}

function say(text: string): void {
  byId('status').textContent = text;
}
