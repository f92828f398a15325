import type { EpochMetrics } from '../../src/index.ts';
import { byId, percent } from '../dom.ts';
import type { Page, State } from '../state.ts';
import { progressPanel } from './progress.ts';
import type { SettingsPanel } from './settings.ts';

const READY = 'Ready. Press Train, and watch it learn.';
const NO_GPU = 'Without WebGPU nothing can be trained here.';

/** Starts, pauses, resumes and stops training, and shows how it goes. */
export function runPanel({ engine, store, attempt }: Page, settings: SettingsPanel): void {
  const form = byId<HTMLFormElement>('setup');
  const train = byId<HTMLButtonElement>('train');
  const pause = byId<HTMLButtonElement>('pause');
  const resume = byId<HTMLButtonElement>('resume');
  const stop = byId<HTMLButtonElement>('stop');
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
    say(`Epoch ${metrics.epoch} is done: ${percent(metrics.val_accuracy)} of the pictures held back are right.`);
  });
  engine.on('insight', ({ insight: { accuracy, count, of } }) => {
    if (count === of) progress.accuracy(accuracy);
  });
  engine.on('notice', ({ message }) => say(message));

  store.watch(({ phase, ready, data, net }) => {
    const rest = phase === 'idle';
    train.disabled = !rest || !ready || !data;
    for (const part of form.querySelectorAll('details input, details select, #defaults')) {
      (part as HTMLInputElement).disabled = !rest || (part as HTMLInputElement).name === '';
    }
    pause.disabled = phase !== 'training';
    resume.disabled = !(phase === 'paused' || (rest && ready && net?.resumable));
    stop.disabled = phase !== 'training' && phase !== 'paused';
  });
  let before: State['phase'] = 'idle';
  engine.on('phase', ({ phase }) => {
    if (phase === 'training' && before === 'preparing') say('Training has begun.');
    if (phase === 'training' && before === 'paused') say('Training goes on.');
    if (phase === 'paused') say('Paused. Resume goes on with the same numbers.');
    const { epochs, steps } = progress.history;
    const last = epochs.at(-1);
    if (phase === 'idle' && before === 'preparing') say(store.state.ready ? READY : NO_GPU);
    else if (phase === 'idle') say(last && last.step === steps ? done(last) : 'Stopped. Resume goes on from there.');
    before = phase;
  });
}

const done = ({ val_accuracy }: EpochMetrics) =>
  `Trained: ${percent(val_accuracy)} of the pictures held back are right. See below what it learned, and try it.`;

function say(text: string): void {
  byId('status').textContent = text;
}
