import type { EpochMetrics, Progress } from '../../src/index.ts';
import { byId, create, duration, percent } from '../dom.ts';
import type { History } from '../messages.ts';
import type { Page, State } from '../state.ts';
import { charts } from './charts.ts';
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
  const curves = charts();
  let history: History = { stepsPerEpoch: 1, steps: 1, points: [], epochs: [] };

  const show = (shown: History) => {
    history = shown;
    byId('epochs')
      .querySelector('tbody')!
      .replaceChildren(...shown.epochs.map(row));
    const last = shown.epochs.at(-1);
    showFigure('accuracy', last && percent(last.val_accuracy));
    showFigure('loss', last?.train_loss.toFixed(3));
    const step = Math.max(last?.step ?? 0, shown.points.at(-1)?.step ?? 0);
    byId<HTMLProgressElement>('progress').value = step / shown.steps;
    curves.draw(history);
  };

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

  engine.on('history', (event) => show(event.history));
  engine.on('progress', ({ progress, point }) => {
    if (point) {
      history = { ...history, points: [...history.points, point] };
      curves.draw(history);
    }
    showProgress(progress);
  });
  engine.on('epoch', ({ metrics }) => {
    history = { ...history, epochs: [...history.epochs, metrics] };
    curves.draw(history);
    byId('epochs').querySelector('tbody')!.append(row(metrics));
    showFigure('accuracy', percent(metrics.val_accuracy));
    showFigure('loss', metrics.train_loss.toFixed(3));
    say(`Epoch ${metrics.epoch} is done: ${percent(metrics.val_accuracy)} of the pictures held back are right.`);
  });
  engine.on('insight', ({ insight: { accuracy, count, of } }) => {
    if (count === of) showFigure('accuracy', percent(accuracy));
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
    const last = history.epochs.at(-1);
    if (phase === 'idle' && before === 'preparing') say(store.state.ready ? READY : NO_GPU);
    else if (phase === 'idle')
      say(last && last.step === history.steps ? done(last) : 'Stopped. Resume goes on from there.');
    before = phase;
  });
}

const done = ({ val_accuracy }: EpochMetrics) =>
  `Trained: ${percent(val_accuracy)} of the pictures held back are right. See below what it learned, and try it.`;

function say(text: string): void {
  byId('status').textContent = text;
}

function showProgress({ step, steps, epoch, epochs, loss, imagesPerSecond, secondsLeft }: Progress): void {
  const bar = byId<HTMLProgressElement>('progress');
  bar.value = step / steps;
  showFigure('speed', imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0));
  showFigure('epoch', `${epoch} of ${epochs}`);
  showFigure('left', duration(secondsLeft));
  if (loss !== undefined) showFigure('loss', loss.toFixed(3));
}

function showFigure(name: 'accuracy' | 'loss' | 'speed' | 'epoch' | 'left', text = '–'): void {
  byId(`figure-${name}`).textContent = text;
}

const row = ({ epoch, train_loss, val_loss, val_accuracy, images_per_second }: EpochMetrics) =>
  create(
    'tr',
    {},
    create('th', { scope: 'row', textContent: String(epoch) }),
    ...[train_loss.toFixed(4), val_loss.toFixed(4), percent(val_accuracy), images_per_second.toFixed(1)].map(
      (textContent) => create('td', { textContent }),
    ),
  );
